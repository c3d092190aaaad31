#include "plugins/storage/file/jsonl.h"

#include <simdjson.h>

#include "core/base/byte_source.h"
#include "core/table/arrow_c_interface.h"
#include "core/table/batch.h"
#include "plugins/storage/file/json_value.h"
#include "plugins/storage/file/text_value.h"

namespace rtml::file {
namespace {

namespace dom = simdjson::dom;

// Gives the object of each line.
class JsonlParser {
 public:
  static Result<std::unique_ptr<JsonlParser>> open(const std::string& file) {
    RTML_TRY_ASSIGN(ByteSource source, ByteSource::open(file, simdjson::SIMDJSON_PADDING));
    return std::unique_ptr<JsonlParser>(new JsonlParser(file, std::move(source)));
  }

  const std::string& file() const { return file_; }
  std::int64_t line() const { return line_; }

  // Gives the next object, valid until the next call; false at the end.
  Result<bool> next(dom::object* object) {
    while (true) {
      RTML_TRY_ASSIGN(const bool found, next_line());
      if (!found) return false;
      if (text_.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      RTML_TRY_ASSIGN(const dom::element element, parse_json(parser_, text_, true, {file_, line_}));
      if (element.get(*object) != simdjson::SUCCESS) {
        return fail(file_error(ErrorCode::kDataCorrupt, "not a JSON object: " + shown_value(text_),
                               file_, line_));
      }
      return true;
    }
  }

 private:
  JsonlParser(std::string file, ByteSource source)
      : file_(std::move(file)), source_(std::move(source)) {}

  Result<bool> next_line() {
    source_.consume(std::exchange(consumed_, 0));
    std::size_t searched = 0;
    while (true) {
      const std::string_view window = source_.window();
      const std::size_t end = window.find('\n', searched);
      if (end != std::string_view::npos) {
        text_ = window.substr(0, end);
        consumed_ = end + 1;
        ++line_;
        return true;
      }
      searched = window.size();
      RTML_TRY_ASSIGN(const bool more, source_.more());
      if (more) continue;
      text_ = source_.window();
      consumed_ = text_.size();
      ++line_;
      return !text_.empty();
    }
  }

  std::string file_;
  ByteSource source_;
  dom::parser parser_;
  std::string_view text_;
  std::size_t consumed_ = 0;
  std::int64_t line_ = 0;
};

JsonGuess::Seen seen_of(dom::element value) {
  double number = 0;
  switch (value.type()) {
    case dom::element_type::BOOL:
      return JsonGuess::Seen::kBool;
    case dom::element_type::INT64:
      return JsonGuess::Seen::kInteger;
    case dom::element_type::UINT64:  // Beyond INT64.
    case dom::element_type::DOUBLE:
      return JsonGuess::Seen::kNumber;
    case dom::element_type::STRING:
      return is_special_number(std::string_view(value), &number) ? JsonGuess::Seen::kSpecial
                                                                 : JsonGuess::Seen::kString;
    default:
      return JsonGuess::Seen::kNothing;
  }
}

void see_value(dom::element value, std::int64_t line, JsonGuess& guess) {
  if (value.is_null()) return;
  if (value.is_object()) return guess.see_object(line);
  if (!value.is_array()) {
    guess.see_scalar();
    return guess.see(seen_of(value));
  }
  guess.see_list();
  for (const dom::element item : dom::array(value)) {
    if (item.is_object() || item.is_array()) guess.see_object(line);
    guess.see(seen_of(item));
  }
}

class JsonlRows : public FileRows {
 public:
  JsonlRows(std::unique_ptr<JsonlParser> parser, const ScanSettings& settings,
            std::shared_ptr<std::set<std::string>> seen)
      : parser_(std::move(parser)),
        columns_(settings.columns),
        batch_rows_(settings.batch_rows),
        seen_(std::move(seen)),
        is_seen_(columns_.size(), false) {
    std::vector<table::Field> fields;
    for (const WantedColumn& column : columns_) {
      index_of_.emplace(column.name, fields.size());
      fields.push_back({column.name, column.type});
      builders_.emplace_back(column.type);
    }
    schema_ = std::make_shared<const table::Schema>(std::move(fields));
  }

  Result<bool> next(ArrowArray* out) override {
    std::int64_t rows = 0;
    for (; rows < batch_rows_; ++rows) {
      dom::object object;
      RTML_TRY_ASSIGN(const bool found, parser_->next(&object));
      if (!found) break;
      RTML_TRY(append_object(object, rows));
    }
    if (rows == 0) return false;
    std::vector<table::Column> columns;
    for (table::ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    table::export_batch(table::Batch(schema_, std::move(columns), rows), out);
    return true;
  }

 private:
  // `row` is the number of rows before this one in the batch.
  Status append_object(dom::object object, std::int64_t row) {
    for (const auto [key, value] : object) {
      const auto found = index_of_.find(key);
      if (found == index_of_.end()) continue;
      const std::size_t index = found->second;
      if (builders_[index].length() > row) {
        return fail(file_error(ErrorCode::kDataCorrupt, "key " + shown_value(key) + " twice",
                               parser_->file(), parser_->line()));
      }
      if (!is_seen_[index]) {
        is_seen_[index] = true;
        seen_->insert(columns_[index].name);
      }
      RTML_TRY(append_json(value, columns_[index], {parser_->file(), parser_->line()},
                           builders_[index]));
    }
    for (table::ColumnBuilder& builder : builders_) {
      if (builder.length() == row) builder.append_null();
    }
    return {};
  }

  std::unique_ptr<JsonlParser> parser_;
  std::vector<WantedColumn> columns_;
  std::int64_t batch_rows_;
  std::shared_ptr<std::set<std::string>> seen_;
  std::vector<bool> is_seen_;
  std::map<std::string, std::size_t, std::less<>> index_of_;
  std::shared_ptr<const table::Schema> schema_;
  std::vector<table::ColumnBuilder> builders_;
};

}  // namespace

void JsonGuess::see(Seen seen) {
  if (seen == Seen::kNothing || seen == seen_) return;
  const auto is_number = [](Seen value) {
    return value == Seen::kInteger || value == Seen::kSpecial || value == Seen::kNumber;
  };
  const auto is_text = [](Seen value) { return value == Seen::kSpecial || value == Seen::kString; };
  if (seen_ == Seen::kNothing) {
    seen_ = seen;
  } else if (is_number(seen) && is_number(seen_)) {
    seen_ = Seen::kNumber;
  } else if (is_text(seen) && is_text(seen_)) {
    seen_ = Seen::kString;
  } else {
    mixed_ = true;
  }
}

std::optional<table::DataType> JsonGuess::type() const {
  const auto of = [&](table::Kind kind) { return table::DataType{kind, is_list_}; };
  switch (seen_) {
    case Seen::kNothing:
      if (is_list_) return of(table::Kind::kString);
      return std::nullopt;
    case Seen::kBool:
      return of(table::Kind::kBool);
    case Seen::kInteger:
      return of(table::Kind::kInt64);
    case Seen::kNumber:
      return of(table::Kind::kDouble);
    case Seen::kSpecial:
    case Seen::kString:
      return of(table::Kind::kString);
  }
  return std::nullopt;
}

Status read_jsonl_keys(const std::string& file, JsonlKeys& keys, const Checkpoint& checkpoint) {
  RTML_TRY_ASSIGN(const auto parser, JsonlParser::open(file));
  for (std::int64_t row = 0;; ++row) {
    if (row % 65'536 == 0) RTML_TRY(checkpoint());
    dom::object object;
    RTML_TRY_ASSIGN(const bool found, parser->next(&object));
    if (!found) return {};
    for (const auto [key, value] : object) {
      std::string name(key);
      if (name.empty()) {
        return fail(file_error(ErrorCode::kDataCorrupt, "an empty key", file, parser->line()));
      }
      const auto [guess, is_new] = keys.guesses.try_emplace(std::move(name));
      if (is_new) keys.order.push_back(guess->first);
      see_value(value, parser->line(), guess->second);
    }
  }
}

Result<std::unique_ptr<FileRows>> open_jsonl(const std::string& file, const ScanSettings& settings,
                                             std::shared_ptr<std::set<std::string>> seen) {
  RTML_TRY_ASSIGN(auto parser, JsonlParser::open(file));
  return std::make_unique<JsonlRows>(std::move(parser), settings, std::move(seen));
}

}  // namespace rtml::file
