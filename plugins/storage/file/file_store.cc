#include "plugins/storage/file/file_store.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/base/name.h"
#include "core/table/arrow_c_interface.h"
#include "plugins/shared/core_errors.h"
#include "plugins/storage/file/csv.h"
#include "plugins/storage/file/jsonl.h"
#include "plugins/storage/file/parquet.h"
#include "plugins/storage/file/text_writer.h"

namespace rtml::file {
namespace {

using plugins::to_sdk;

struct FormatRow {
  std::string_view name;
  Format format;
  std::array<std::string_view, 2> endings;
};
constexpr FormatRow kFormats[] = {{"parquet", Format::kParquet, {".parquet", ".pq"}},
                                  {"csv", Format::kCsv, {".csv", ".csv"}},
                                  {"jsonl", Format::kJsonl, {".jsonl", ".ndjson"}}};

Result<Declarations> read_declarations(const sdk::ScanRequest& request) {
  Declarations declared;
  for (const sdk::ColumnHint& hint : request.hints) {
    if (!hint.type.empty()) {
      const auto type = table::parse_type(hint.type);
      if (!type) return fail(ErrorCode::kBadValue, "no such type: " + hint.type);
      declared.types[hint.column] = *type;
    }
    if (hint.time_unit.empty()) continue;
    if (hint.time_unit != "s" && hint.time_unit != "ms" && hint.time_unit != "us" &&
        hint.time_unit != "ns") {
      return fail(ErrorCode::kBadValue, "no such unit of time: " + hint.time_unit);
    }
    declared.time_units[hint.column] = hint.time_unit;
    // A unit alone says that the column is a time.
    declared.types.try_emplace(hint.column, table::DataType{table::Kind::kTimestamp});
  }
  return declared;
}

// The type that holds the values of both, where files of one table differ; else the first one's.
std::optional<table::DataType> join(std::optional<table::DataType> a,
                                    std::optional<table::DataType> b) {
  if (!a || !b || *a == *b) return a ? a : b;
  if (!table::is_numeric(*a) || !table::is_numeric(*b)) return a;
  if (table::is_integer(*a) && table::is_integer(*b)) return table::DataType{table::Kind::kInt64};
  return table::DataType{table::Kind::kDouble};
}

Checkpoint checkpoint_of(const sdk::Call& call) {
  return [call]() -> Status {
    if (const sdk::Status status = call.check(); !status) {
      const bool is_timeout = status.error().status == RTML_STATUS_TIMEOUT;
      return fail(is_timeout ? ErrorCode::kTimeout : ErrorCode::kInterrupted,
                  status.error().message);
    }
    return {};
  };
}

Result<std::vector<FoundColumn>> find_parquet_columns(const std::vector<std::string>& files,
                                                      const sdk::ScanRequest& request,
                                                      bool is_all_wanted) {
  std::map<std::string, std::string> unsupported;
  RTML_TRY_ASSIGN(std::vector<FoundColumn> columns,
                  read_parquet_columns(files.front(), &unsupported));
  for (std::size_t i = 1; i < files.size(); ++i) {
    RTML_TRY_ASSIGN(const auto others, read_parquet_columns(files[i], &unsupported));
    for (const FoundColumn& other : others) {
      const auto found = std::find_if(columns.begin(), columns.end(),
                                      [&](const FoundColumn& c) { return c.name == other.name; });
      if (found != columns.end()) {
        found->type = join(found->type, other.type);
      } else if (is_all_wanted) {
        return fail(ErrorCode::kDataMissingColumn,
                    "no column \"" + other.name + "\" of " + files[i] + " in " + files.front());
      }
    }
  }
  for (const auto& [name, type] : unsupported) {
    const bool is_wanted = request.columns
                               ? std::find(request.columns->begin(), request.columns->end(),
                                           name) != request.columns->end()
                               : is_all_wanted;
    if (!is_wanted) {
      std::erase_if(columns, [&](const FoundColumn& column) { return column.name == name; });
      continue;
    }
    return fail(Error(ErrorCode::kUnsupported, "column \"" + name + "\" of " + files.front() +
                                                   " has a type that rtml does not read: " + type)
                    .with_help("give it a type that rtml has, or leave it out of the file"));
  }
  return columns;
}

// The columns asked for that have no declared type; all of `names` if none were asked for.
std::vector<std::string> undeclared(const std::vector<std::string>& names,
                                    const Declarations& declared, const sdk::ScanRequest& request) {
  std::vector<std::string> result;
  for (const std::string& name : request.columns ? *request.columns : names) {
    if (declared.types.find(name) == declared.types.end()) result.push_back(name);
  }
  return result;
}

Result<std::vector<FoundColumn>> find_csv_columns(
    const std::vector<std::string>& files, const TextOptions& options, const Declarations& declared,
    const sdk::ScanRequest& request, bool is_all_wanted, const Checkpoint& checkpoint) {
  RTML_TRY_ASSIGN(const auto names, read_csv_header(files.front(), options));
  std::map<std::string, TypeGuess> guesses;
  for (const std::string& name : undeclared(names, declared, request)) guesses[name];
  for (const std::string& file : files) {
    RTML_TRY_ASSIGN(const auto others, read_csv_header(file, options));
    for (const std::string& other : others) {
      if (is_all_wanted && std::find(names.begin(), names.end(), other) == names.end()) {
        return fail(ErrorCode::kDataMissingColumn,
                    "no column \"" + other + "\" of " + file + " in " + files.front());
      }
    }
    if (!guesses.empty()) RTML_TRY(guess_csv_types(file, options, guesses, checkpoint));
  }
  std::vector<FoundColumn> columns;
  for (const std::string& name : names) {
    const auto guess = guesses.find(name);
    columns.push_back({name, guess == guesses.end() ? std::nullopt : guess->second.type()});
  }
  return columns;
}

Result<std::vector<FoundColumn>> find_jsonl_columns(const std::vector<std::string>& files,
                                                    const Declarations& declared,
                                                    const sdk::ScanRequest& request,
                                                    bool is_all_wanted,
                                                    const Checkpoint& checkpoint) {
  if (request.columns && undeclared({}, declared, request).empty()) {
    // Whether they are there shows when the rows are read.
    std::vector<FoundColumn> columns;
    for (const std::string& name : *request.columns) columns.push_back({name, {}});
    return columns;
  }
  JsonlKeys keys;
  for (const std::string& file : files) RTML_TRY(read_jsonl_keys(file, keys, checkpoint));
  if (keys.order.empty()) return fail(ErrorCode::kDataEmpty, "no rows in file: " + files.front());
  for (const std::string& name : undeclared(keys.order, declared, request)) {
    const auto guess = keys.guesses.find(name);
    if (guess == keys.guesses.end()) continue;  // The plan says that it is missing.
    if (!request.columns && !is_all_wanted) {
      // One of several types stays: the scan may come with a type for it.
      if (guess->second.object_line() > 0) std::erase(keys.order, name);
      continue;
    }
    if (guess->second.object_line() > 0) {
      return fail(file_error(ErrorCode::kUnsupported,
                             "column \"" + name + "\": a value that holds objects or nested lists",
                             files.front(), guess->second.object_line())
                      .with_help("give its parts keys of their own, or leave it out of the file"));
    }
    if (guess->second.is_mixed()) {
      return fail(Error(ErrorCode::kDataWrongType, "column \"" + name + "\" of " + files.front() +
                                                       " has values of several types")
                      .with_help("declare its type in the source, or make its values alike"));
    }
  }
  std::vector<FoundColumn> columns;
  for (const std::string& name : keys.order) columns.push_back({name, keys.guesses[name].type()});
  return columns;
}

// The rows of all files, one after the other.
class ScanRows : public sdk::RowReader {
 public:
  ScanRows(std::vector<std::string> files, Format format, ScanSettings settings, sdk::Call call)
      : files_(std::move(files)), format_(format), settings_(std::move(settings)), call_(call) {}

  // Opens the first file, so that a scan that cannot start fails at once.
  Status start() { return open_next(); }

  sdk::Status schema(ArrowSchema* out) override {
    std::vector<table::Field> fields;
    for (const WantedColumn& column : settings_.columns) {
      fields.push_back({column.name, column.type});
    }
    table::export_schema(table::Schema(std::move(fields)), out);
    return {};
  }

  sdk::Result<bool> next(ArrowArray* out) override {
    RTML_SDK_TRY(call_.check());
    return to_sdk(next_rows(out));
  }

 private:
  Result<bool> next_rows(ArrowArray* out) {
    while (rows_ != nullptr) {
      RTML_TRY_ASSIGN(const bool more, rows_->next(out));
      if (more) return true;
      rows_ = nullptr;
      if (opened_ < files_.size()) {
        RTML_TRY(open_next());
      } else if (format_ == Format::kJsonl) {
        RTML_TRY(check_seen());
      }
    }
    return false;
  }

  Status open_next() {
    const std::string& file = files_[opened_++];
    switch (format_) {
      case Format::kParquet: {
        RTML_TRY_ASSIGN(rows_, open_parquet(file, settings_));
        return {};
      }
      case Format::kCsv: {
        RTML_TRY_ASSIGN(rows_, open_csv(file, settings_));
        return {};
      }
      case Format::kJsonl: {
        RTML_TRY_ASSIGN(rows_, open_jsonl(file, settings_, seen_));
        return {};
      }
    }
    return {};
  }

  // JSON lines have no header: a column that no line has is only known to be missing at the end.
  Status check_seen() const {
    for (const WantedColumn& column : settings_.columns) {
      if (seen_->contains(column.name)) continue;
      return fail(ErrorCode::kDataMissingColumn,
                  "no line has the key \"" + column.name + "\" in " + files_.front());
    }
    return {};
  }

  std::vector<std::string> files_;
  Format format_;
  ScanSettings settings_;
  sdk::Call call_;
  std::size_t opened_ = 0;
  std::unique_ptr<FileRows> rows_;
  std::shared_ptr<std::set<std::string>> seen_ = std::make_shared<std::set<std::string>>();
};

// What tells whether files and request are those of before.
std::string learning_key(const std::vector<std::string>& files, const sdk::ScanRequest& request,
                         bool is_all_wanted) {
  std::string key =
      request.format + '\n' + request.options + '\n' + (is_all_wanted ? "all\n" : "some\n");
  for (const std::string& file : files) {
    struct stat status = {};
    ::stat(file.c_str(), &status);
    key += file + ' ' + std::to_string(status.st_ino) + ' ' + std::to_string(status.st_size) + ' ' +
           std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec) +
           '\n';
  }
  if (request.columns) {
    for (const std::string& column : *request.columns) key += column + '\n';
  }
  for (const sdk::ColumnHint& hint : request.hints) key += hint.column + '=' + hint.type + '\n';
  return key;
}

}  // namespace

Result<Format> find_format(const std::string& name, const std::string& path) {
  std::string lower = path;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const FormatRow& row : kFormats) {
    const bool has_ending = lower.ends_with(row.endings[0]) || lower.ends_with(row.endings[1]);
    if (name.empty() ? has_ending : name == row.name) return row.format;
  }
  if (!name.empty()) {
    return fail(Error(ErrorCode::kBadValue, "unknown file format: " + name)
                    .with_help("it is one of parquet, csv, jsonl"));
  }
  return fail(Error(ErrorCode::kBadValue, "the file's ending does not tell its format: " + path)
                  .with_help("name the file .parquet, .csv or .jsonl, or say its format"));
}

Result<std::vector<std::string>> find_files(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) return std::vector<std::string>{path};
    return fail(Error(ErrorCode::kIo, "is a directory, not a file: " + path)
                    .with_help("name its files, for example " + path + "/*.parquet"));
  }
  glob_t matches = {};
  const int result = ::glob(path.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &matches);
  std::vector<std::string> files(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  ::globfree(&matches);
  if (result == GLOB_ABORTED) return fail(ErrorCode::kIo, "cannot list files: " + path);
  if (files.empty()) {
    const bool is_glob = path.find_first_of("*?[") != std::string::npos;
    return fail(ErrorCode::kNotFound, (is_glob ? "no file matches: " : "no such file: ") + path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

sdk::Result<std::unique_ptr<FileTableStore>> FileTableStore::open(const std::string& /*options*/,
                                                                  const sdk::Call& /*call*/) {
  return std::make_unique<FileTableStore>();
}

Result<std::vector<FoundColumn>> FileTableStore::find_columns(const Plan& plan,
                                                              const Declarations& declared,
                                                              const sdk::ScanRequest& request,
                                                              Purpose purpose,
                                                              const Checkpoint& checkpoint) {
  const bool is_all_wanted = !request.columns && purpose == Purpose::kScan;
  if (plan.format == Format::kParquet) {
    return find_parquet_columns(plan.files, request, is_all_wanted);
  }
  const std::string key = learning_key(plan.files, request, is_all_wanted);
  if (key == learnt_key_) return learnt_;
  if (plan.format == Format::kCsv) {
    RTML_TRY_ASSIGN(learnt_, find_csv_columns(plan.files, plan.settings.text, declared, request,
                                              is_all_wanted, checkpoint));
  } else {
    RTML_TRY_ASSIGN(learnt_,
                    find_jsonl_columns(plan.files, declared, request, is_all_wanted, checkpoint));
  }
  learnt_key_ = key;
  return learnt_;
}

Result<FileTableStore::Plan> FileTableStore::plan(const sdk::ScanRequest& request, Purpose purpose,
                                                  const sdk::Call& call) {
  Plan plan;
  RTML_TRY_ASSIGN(const Json options, parse_json(request.options, "options"));
  RTML_TRY_ASSIGN(plan.settings.text, read_text_options(options));
  RTML_TRY_ASSIGN(plan.files, find_files(request.path));
  RTML_TRY_ASSIGN(plan.format, find_format(request.format, plan.files.front()));
  RTML_TRY_ASSIGN(const Declarations declared, read_declarations(request));
  plan.settings.batch_rows = request.batch_rows;
  RTML_TRY_ASSIGN(const auto found,
                  find_columns(plan, declared, request, purpose, checkpoint_of(call)));
  std::vector<table::Field> fields;
  for (const FoundColumn& column : found) {
    const table::DataType unknown = {table::Kind::kString};
    fields.push_back({column.name, column.type.value_or(unknown)});
  }
  const table::Schema schema(std::move(fields));
  for (const std::string& name : request.columns ? *request.columns : schema.names()) {
    RTML_TRY_ASSIGN(const std::size_t index, schema.require(name, plan.files.front()));
    const auto unit = declared.time_units.find(name);
    plan.settings.columns.push_back({name,
                                     declared.type_of(name).value_or(schema.field(index).type),
                                     unit == declared.time_units.end() ? "" : unit->second});
  }
  return plan;
}

sdk::Status FileTableStore::schema(const sdk::ScanRequest& request, const sdk::Call& call,
                                   ArrowSchema* out) {
  Result<Plan> made = plan(request, Purpose::kSchema, call);
  if (!made) return to_sdk(made.error());
  return ScanRows({}, made->format, std::move(made->settings), call).schema(out);
}

sdk::Result<std::unique_ptr<sdk::RowReader>> FileTableStore::scan(const sdk::ScanRequest& request,
                                                                  const sdk::Call& call) {
  Result<Plan> made = plan(request, Purpose::kScan, call);
  if (!made) return to_sdk(made.error());
  auto rows = std::make_unique<ScanRows>(std::move(made->files), made->format,
                                         std::move(made->settings), call);
  RTML_SDK_TRY(to_sdk(rows->start()));
  return std::unique_ptr<sdk::RowReader>(std::move(rows));
}

sdk::Result<std::int64_t> FileTableStore::write(const sdk::WriteRequest& request,
                                                sdk::RowSource& rows, const sdk::Call& call) {
  const auto write = [&]() -> Result<std::int64_t> {
    RTML_TRY_ASSIGN(const Json options, parse_json(request.options, "options"));
    RTML_TRY_ASSIGN(const Format format, find_format(request.format, request.path));
    struct stat status = {};
    if (::stat(request.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      return fail(ErrorCode::kIo, "is a directory, not a file: " + request.path);
    }
    if (format == Format::kParquet) {
      return write_parquet(request.path, options, *rows.stream(), checkpoint_of(call));
    }
    RTML_TRY_ASSIGN(const TextOptions text, read_text_options(options));
    const TextFormat text_format = format == Format::kCsv ? TextFormat::kCsv : TextFormat::kJsonl;
    return write_text(request.path, text_format, text, *rows.stream(), checkpoint_of(call));
  };
  return to_sdk(write());
}

}  // namespace rtml::file
