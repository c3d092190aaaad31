// A table whose arrays break one rule of the ABI; the path says which.

#include <map>

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

// Breaks the struct array of columns "number" (DOUBLE) and "text" (STRING), three rows.
using Breakage = void (*)(ArrowArray&);

std::int32_t* text_offsets(ArrowArray& table) {
  return static_cast<std::int32_t*>(const_cast<void*>(table.children[1]->buffers[1]));
}

const std::map<std::string, Breakage>& breakages() {
  static const std::map<std::string, Breakage> table = {
      {"offsets", [](ArrowArray& a) { text_offsets(a)[1] = 1'000; }},
      {"negative-offset", [](ArrowArray& a) { text_offsets(a)[0] = -1; }},
      {"length", [](ArrowArray& a) { a.children[0]->length = 2; }},
      {"negative-length", [](ArrowArray& a) { a.length = -3; }},
      {"huge-length", [](ArrowArray& a) { a.children[1]->length = std::int64_t{1} << 60; }},
      {"nulls", [](ArrowArray& a) { a.children[0]->null_count = 2; }},
      {"buffers", [](ArrowArray& a) { a.children[1]->n_buffers = 2; }},
      {"no-values", [](ArrowArray& a) { a.children[0]->buffers[1] = nullptr; }},
      {"children", [](ArrowArray& a) { a.n_children = 1; }},
      {"utf8",
       [](ArrowArray& a) {
         static_cast<char*>(const_cast<void*>(a.children[1]->buffers[2]))[0] = '\xFF';
       }},
      {"rows",
       [](ArrowArray& a) {
         a.length = 2;
         a.children[0]->length = 1;
       }},
  };
  return table;
}

class GarbageReader : public sdk::RowReader {
 public:
  explicit GarbageReader(std::string kind) : kind_(std::move(kind)) {}

  sdk::Status schema(ArrowSchema* out) override {
    sdk::export_schema({{"number", sdk::Type::kDouble}, {"text", sdk::Type::kString}}, out);
    if (kind_ == "format") out->children[0]->format = "tdD";
    if (kind_ == "name") out->children[1]->name = "number";
    if (kind_ == "no-name") out->children[1]->name = nullptr;
    return {};
  }

  sdk::Result<bool> next(ArrowArray* out) override {
    if (given_) return false;
    given_ = true;
    sdk::RowsBuilder rows({{"number", sdk::Type::kDouble}, {"text", sdk::Type::kString}});
    for (const char* text : {"one", "two", "three"}) {
      rows.column(0).append_number(1);
      rows.column(1).append_text(text);
    }
    rows.finish(out);
    const auto breakage = breakages().find(kind_);
    if (breakage != breakages().end()) breakage->second(*out);
    return true;
  }

 private:
  std::string kind_;
  bool given_ = false;
};

class GarbageStore : public sdk::TableStore {
 public:
  static sdk::Result<std::unique_ptr<GarbageStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<GarbageStore>();
  }
  sdk::Status schema(const sdk::ScanRequest& request, const sdk::Call&, ArrowSchema* out) override {
    return GarbageReader(kind_of(request.path)).schema(out);
  }
  sdk::Result<std::unique_ptr<sdk::RowReader>> scan(const sdk::ScanRequest& request,
                                                    const sdk::Call&) override {
    return std::make_unique<GarbageReader>(kind_of(request.path));
  }
  sdk::Result<std::int64_t> write(const sdk::WriteRequest&, sdk::RowSource&,
                                  const sdk::Call&) override {
    return std::int64_t{3};
  }

 private:
  static std::string kind_of(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return name.substr(0, name.find('.'));
  }
};

}  // namespace

RTML_PLUGIN(GarbageStore);
