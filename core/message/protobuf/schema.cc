#include "core/message/protobuf/schema.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <optional>
#include <vector>

#include "core/base/file_system.h"
#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/utf8.h"

namespace rtml::message::protobuf {
namespace {

namespace gp = google::protobuf;

constexpr std::size_t kMaxSchemaBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxErrors = 20;

// The compiler's complaints as errors of rtml, which have places.
class Complaints : public gp::compiler::MultiFileErrorCollector,
                   public gp::DescriptorPool::ErrorCollector {
 public:
  Complaints(std::filesystem::path root, std::filesystem::path directory)
      : root_(std::move(root)), directory_(std::move(directory)) {}

  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    if (errors_.size() >= kMaxErrors) return;
    Error error(ErrorCode::kBadValue, "Protobuf schema: " + message);
    // Lines and columns count from 0 there; -1 is none.
    SourceLocation place{.file = (directory_ / file).lexically_normal().string(),
                         .line = line + 1,
                         .column = line < 0 ? 0 : column + 1};
    place.line_text = line_of(root_ / place.file, line);
    errors_.push_back(std::move(error).at(std::move(place)));
  }
  void AddError(const std::string& file, const std::string& element, const gp::Message* /*proto*/,
                gp::DescriptorPool::ErrorCollector::ErrorLocation /*part*/,
                const std::string& message) override {
    AddError(file, -1, 0, element + ": " + message);
  }

  std::optional<Error> taken() {
    if (errors_.empty()) return std::nullopt;
    return Error::many(std::move(errors_));
  }

 private:
  // A line of a file, counted from 0; empty where there is none.
  static std::string line_of(const std::filesystem::path& path, int line) {
    const auto bytes = read_file(path, kMaxSchemaBytes);
    if (!bytes || line < 0) return {};
    std::size_t begin = 0;
    for (; line > 0; --line) {
      begin = bytes->find('\n', begin);
      if (begin == std::string::npos) return {};
      ++begin;
    }
    const std::string text = bytes->substr(begin, bytes->find('\n', begin) - begin);
    return is_utf8(text) ? text : std::string();
  }

  std::filesystem::path root_;
  std::filesystem::path directory_;
  std::vector<Error> errors_;
};

// The libraries' own types, for schemas whose makers did not ship them.
class WellKnown {
 public:
  WellKnown() : database_(*gp::DescriptorPool::generated_pool()) {}
  gp::DescriptorDatabase* database() { return &database_; }

 private:
  gp::DescriptorPoolDatabase database_;
};

tl::unexpected<Error> wrong(const DecoderSettings& settings, std::string message,
                            std::string help) {
  return fail(Error(ErrorCode::kBadValue, std::move(message))
                  .at(settings.location)
                  .with_help(std::move(help)));
}

void add_names(const gp::Descriptor& message, std::vector<std::string>* names) {
  if (message.options().map_entry()) return;
  names->push_back(message.full_name());
  for (int i = 0; i < message.nested_type_count(); ++i) add_names(*message.nested_type(i), names);
}

Result<const gp::Descriptor*> chosen(const DecoderSettings& settings,
                                     const std::vector<const gp::FileDescriptor*>& files,
                                     const gp::DescriptorPool& pool) {
  std::vector<std::string> names;
  for (const gp::FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) add_names(*file->message_type(i), &names);
  }
  const auto key = settings.options.find("message");
  if (key == settings.options.end()) {
    if (names.size() == 1) return pool.FindMessageTypeByName(names.front());
    return wrong(settings, "the schema has several message types, or none: " + text_list(names),
                 "add \"message: NAME\" to the stream");
  }
  const std::string name = key->is_string() ? key->get<std::string>() : std::string();
  const gp::Descriptor* const found = pool.FindMessageTypeByName(name);
  if (found != nullptr) return found;
  return wrong(settings, "the schema has no such message type: " + name + did_you_mean(name, names),
               "the name is written with its package, as in \"shop.Payment\"");
}

// A schema that is compiled from its text.
class SourceSchema : public Schema {
 public:
  SourceSchema(const std::filesystem::path& root, const std::filesystem::path& directory)
      : complaints_(root, directory),
        database_(&tree_, well_known_.database()),
        pool_(&database_, database_.GetValidationErrorCollector()) {
    tree_.MapPath("", (root / directory).string());
    tree_.MapPath("", root.string());
    database_.RecordErrorsTo(&complaints_);
  }

  Status load(const DecoderSettings& settings, const std::string& file) {
    const gp::FileDescriptor* const descriptor = pool_.FindFileByName(file);
    if (descriptor == nullptr) {
      if (auto error = complaints_.taken()) return fail(std::move(*error));
      return fail(Error(ErrorCode::kBadValue, "Protobuf schema: cannot be read: " + file)
                      .at(settings.location));
    }
    RTML_TRY_ASSIGN(message_, chosen(settings, {descriptor}, pool_));
    return {};
  }

 private:
  Complaints complaints_;
  gp::compiler::DiskSourceTree tree_;
  WellKnown well_known_;
  gp::compiler::SourceTreeDescriptorDatabase database_;
  gp::DescriptorPool pool_;
};

// A schema that somebody has compiled.
class CompiledSchema : public Schema {
 public:
  CompiledSchema(const std::filesystem::path& root, const std::filesystem::path& directory)
      : complaints_(root, directory),
        database_(&own_, well_known_.database()),
        pool_(&database_, &complaints_) {}

  Status load(const DecoderSettings& settings, const std::string& path, const std::string& bytes) {
    gp::FileDescriptorSet set;
    if (!set.ParseFromString(bytes) || set.file_size() == 0) {
      return wrong(settings, "no descriptor set: " + path,
                   "write it by protoc --include_imports --descriptor_set_out=FILE, or name the "
                   ".proto file itself");
    }
    for (const gp::FileDescriptorProto& file : set.file()) own_.Add(file);
    std::vector<const gp::FileDescriptor*> files;
    for (const gp::FileDescriptorProto& file : set.file()) {
      const gp::FileDescriptor* const descriptor = pool_.FindFileByName(file.name());
      if (descriptor == nullptr) {
        if (auto error = complaints_.taken()) return fail(std::move(*error));
        return wrong(settings, "the descriptor set lacks what it imports: " + file.name(),
                     "write it with protoc --include_imports");
      }
      if (!file.package().starts_with("google.protobuf")) files.push_back(descriptor);
    }
    RTML_TRY_ASSIGN(message_, chosen(settings, files, pool_));
    return {};
  }

 private:
  Complaints complaints_;
  gp::SimpleDescriptorDatabase own_;
  WellKnown well_known_;
  gp::MergedDescriptorDatabase database_;
  gp::DescriptorPool pool_;
};

}  // namespace

Result<std::unique_ptr<Schema>> Schema::read(const DecoderSettings& settings,
                                             const std::string& path) {
  const std::filesystem::path file(path);
  auto bytes = read_file(settings.root / file, kMaxSchemaBytes);
  if (!bytes) return fail(Error(std::move(bytes).error()).at(settings.location));
  if (file.extension() == ".proto") {
    auto schema = std::make_unique<SourceSchema>(settings.root, file.parent_path());
    RTML_TRY(schema->load(settings, file.filename().string()));
    return schema;
  }
  auto schema = std::make_unique<CompiledSchema>(settings.root, file.parent_path());
  RTML_TRY(schema->load(settings, path, *bytes));
  return schema;
}

}  // namespace rtml::message::protobuf
