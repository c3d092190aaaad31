// A table whose arrays break one rule of the ABI; the path says which.

#include <map>

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

// The columns of a market's half-hours and a text, the last; scans may ask for some of them.
const std::vector<sdk::Field>& all_columns() {
  static const std::vector<sdk::Field> columns = {{"event_timestamp", sdk::Type::kTimestamp},
                                                  {"class", sdk::Type::kInt64},
                                                  {"period", sdk::Type::kDouble},
                                                  {"nswprice", sdk::Type::kDouble},
                                                  {"nswdemand", sdk::Type::kDouble},
                                                  {"vicprice", sdk::Type::kDouble},
                                                  {"vicdemand", sdk::Type::kDouble},
                                                  {"transfer", sdk::Type::kDouble},
                                                  {"text", sdk::Type::kString}};
  return columns;
}

// Breaks a struct array of three rows. Where texts are broken, the last column is a STRING.
using Breakage = void (*)(ArrowArray&);

ArrowArray& text_of(ArrowArray& table) {
  return *table.children[table.n_children - 1];
}

std::int32_t* text_offsets(ArrowArray& table) {
  return static_cast<std::int32_t*>(const_cast<void*>(text_of(table).buffers[1]));
}

const std::map<std::string, Breakage>& breakages() {
  static const std::map<std::string, Breakage> table = {
      {"offsets", [](ArrowArray& a) { text_offsets(a)[1] = 1'000; }},
      {"negative-offset", [](ArrowArray& a) { text_offsets(a)[0] = -1; }},
      {"length", [](ArrowArray& a) { a.children[0]->length = 2; }},
      {"negative-length", [](ArrowArray& a) { a.length = -3; }},
      {"huge-length", [](ArrowArray& a) { a.children[1]->length = std::int64_t{1} << 60; }},
      {"nulls", [](ArrowArray& a) { a.children[0]->null_count = 2; }},
      {"buffers", [](ArrowArray& a) { a.children[0]->n_buffers = 3; }},
      {"no-values", [](ArrowArray& a) { a.children[0]->buffers[1] = nullptr; }},
      {"children", [](ArrowArray& a) { a.n_children = 1; }},
      {"utf8",
       [](ArrowArray& a) {
         static_cast<char*>(const_cast<void*>(text_of(a).buffers[2]))[0] = '\xFF';
       }},
  };
  return table;
}

class GarbageReader : public sdk::RowReader {
 public:
  GarbageReader(std::string kind, const sdk::ScanRequest& request) : kind_(std::move(kind)) {
    for (const sdk::Field& field : all_columns()) {
      if (!request.columns) fields_.push_back(field);
    }
    if (!request.columns) return;
    for (const std::string& name : *request.columns) {
      for (const sdk::Field& field : all_columns()) {
        if (field.name == name) fields_.push_back(field);
      }
    }
  }

  sdk::Status schema(ArrowSchema* out) override {
    sdk::export_schema(fields_, out);
    if (kind_ == "format") out->children[0]->format = "tdD";
    if (kind_ == "name") out->children[1]->name = out->children[0]->name;
    if (kind_ == "no-name") out->children[1]->name = nullptr;
    return {};
  }

  sdk::Result<bool> next(ArrowArray* out) override {
    if (given_) return false;
    given_ = true;
    sdk::RowsBuilder rows(fields_);
    for (int row = 0; row < 3; ++row) {
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        switch (fields_[i].type) {
          case sdk::Type::kString:
            rows.column(i).append_text("text");
            break;
          case sdk::Type::kDouble:
            rows.column(i).append_number(row);
            break;
          default:
            rows.column(i).append_integer(row);
        }
      }
    }
    rows.finish(out);
    const auto breakage = breakages().find(kind_);
    if (breakage != breakages().end()) breakage->second(*out);
    return true;
  }

 private:
  std::string kind_;
  std::vector<sdk::Field> fields_;
  bool given_ = false;
};

class GarbageStore : public sdk::TableStore {
 public:
  static sdk::Result<std::unique_ptr<GarbageStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<GarbageStore>();
  }
  sdk::Status schema(const sdk::ScanRequest& request, const sdk::Call&, ArrowSchema* out) override {
    return GarbageReader(kind_of(request.path), request).schema(out);
  }
  sdk::Result<std::unique_ptr<sdk::RowReader>> scan(const sdk::ScanRequest& request,
                                                    const sdk::Call&) override {
    return std::make_unique<GarbageReader>(kind_of(request.path), request);
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
