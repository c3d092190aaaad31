#include "plugins/storage/file/csv.h"

#include <algorithm>
#include <set>

#include "core/base/byte_source.h"
#include "core/base/name.h"
#include "core/base/utf8.h"
#include "core/table/arrow_c_interface.h"
#include "core/table/batch.h"
#include "plugins/storage/file/json_value.h"

namespace rtml::file {
namespace {

struct CsvField {
  std::string_view text;
  bool is_quoted = false;
};

// Splits a file into records.
class CsvParser {
 public:
  CsvParser(std::string file, ByteSource source, char delimiter)
      : file_(std::move(file)), source_(std::move(source)), delimiter_(delimiter) {}

  static Result<CsvParser> open(const std::string& file, char delimiter) {
    RTML_TRY_ASSIGN(ByteSource source, ByteSource::open(file));
    RTML_TRY(source.more());
    if (source.window().starts_with("\xEF\xBB\xBF")) source.consume(3);
    return CsvParser(file, std::move(source), delimiter);
  }

  const std::string& file() const { return file_; }
  // The line on which the last record started, from 1.
  std::int64_t line() const { return record_line_; }

  // Gives the fields of the next record, valid until the next call; false at the end.
  Result<bool> next(std::vector<CsvField>& fields) {
    source_.consume(std::exchange(consumed_, 0));
    while (true) {
      const Outcome outcome = split(fields);
      if (outcome == Outcome::kRecord) return true;
      if (outcome == Outcome::kBadQuote) {
        return fail(file_error(ErrorCode::kDataCorrupt, "text after the closing quote of a field",
                               file_, next_line_)
                        .with_help("double a quote inside a quoted field: \"\""));
      }
      RTML_TRY_ASSIGN(const bool more, source_.more());
      if (more) continue;
      if (source_.window().empty()) return false;
      if (outcome == Outcome::kOpenQuote) {
        return fail(file_error(ErrorCode::kDataCorrupt, "a quoted field that does not end", file_,
                               next_line_));
      }
      // The last record has no line end.
      at_end_ = true;
    }
  }

 private:
  enum class Outcome : std::uint8_t { kRecord, kIncomplete, kOpenQuote, kBadQuote };

  Outcome split(std::vector<CsvField>& fields) {
    fields.clear();
    unquoted_.clear();
    const std::string_view window = source_.window();
    if (window.empty()) return Outcome::kIncomplete;
    std::size_t position = 0;
    std::int64_t lines = 1;
    while (true) {
      CsvField field;
      if (position < window.size() && window[position] == '"') {
        const Outcome outcome = split_quoted(window, &position, &lines, &field);
        if (outcome != Outcome::kRecord) return outcome;
      } else {
        const std::size_t start = position;
        while (position < window.size() && window[position] != delimiter_ &&
               window[position] != '\n') {
          ++position;
        }
        if (position == window.size() && !at_end_) return Outcome::kIncomplete;
        field.text = window.substr(start, position - start);
        const bool ends_record = position == window.size() || window[position] == '\n';
        if (ends_record && field.text.ends_with('\r')) field.text.remove_suffix(1);
      }
      fields.push_back(field);
      if (position < window.size() && window[position] == delimiter_) {
        ++position;
        continue;
      }
      if (position < window.size()) ++position;  // The line end.
      consumed_ = position;
      record_line_ = next_line_;
      next_line_ += lines;
      return Outcome::kRecord;
    }
  }

  // `*position` is at the opening quote, afterwards at what ends the field.
  Outcome split_quoted(std::string_view window, std::size_t* position, std::int64_t* lines,
                       CsvField* field) {
    std::size_t at = *position + 1;
    const std::size_t start = at;
    std::string* unquoted = nullptr;
    while (true) {
      if (at == window.size()) return Outcome::kOpenQuote;
      if (window[at] != '"') {
        if (window[at] == '\n') ++*lines;
        if (unquoted != nullptr) unquoted->push_back(window[at]);
        ++at;
        continue;
      }
      if (at + 1 == window.size() && !at_end_) return Outcome::kOpenQuote;
      if (at + 1 == window.size() || window[at + 1] != '"') break;
      if (unquoted == nullptr) {
        unquoted_.push_back(std::make_unique<std::string>(window.substr(start, at - start)));
        unquoted = unquoted_.back().get();
      }
      unquoted->push_back('"');
      at += 2;
    }
    field->is_quoted = true;
    field->text =
        unquoted != nullptr ? std::string_view(*unquoted) : window.substr(start, at - start);
    ++at;
    if (at < window.size() && window[at] == '\r') {
      if (at + 1 == window.size() && !at_end_) return Outcome::kOpenQuote;
      ++at;
    }
    if (at < window.size() && window[at] != delimiter_ && window[at] != '\n') {
      return Outcome::kBadQuote;
    }
    *position = at;
    return Outcome::kRecord;
  }

  std::string file_;
  ByteSource source_;
  char delimiter_;
  bool at_end_ = false;
  std::size_t consumed_ = 0;
  std::int64_t record_line_ = 0;
  std::int64_t next_line_ = 1;
  std::vector<std::unique_ptr<std::string>> unquoted_;  // Fields that held doubled quotes.
};

Result<std::vector<std::string>> read_header(CsvParser& parser) {
  std::vector<CsvField> fields;
  RTML_TRY_ASSIGN(const bool found, parser.next(fields));
  if (!found) {
    return fail(Error(ErrorCode::kDataEmpty, "no header in empty file: " + parser.file())
                    .with_help("a CSV file starts with a line of column names"));
  }
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const CsvField& field : fields) {
    const auto index = static_cast<std::int64_t>(names.size()) + 1;
    if (field.text.empty()) {
      return fail(file_error(ErrorCode::kDataCorrupt,
                             "column " + std::to_string(index) + " of the header has no name",
                             parser.file(), parser.line()));
    }
    if (!is_utf8(field.text)) {
      return fail(file_error(ErrorCode::kDataCorrupt,
                             "the name of column " + std::to_string(index) +
                                 " is not UTF-8: " + shown_value(field.text),
                             parser.file(), parser.line()));
    }
    if (!seen.insert(field.text).second) {
      return fail(file_error(ErrorCode::kDataCorrupt,
                             "two columns of the header are named " + shown_value(field.text),
                             parser.file(), parser.line())
                      .with_help("rename one of them"));
    }
    names.emplace_back(field.text);
  }
  return names;
}

// Records of a file under its header, of the header's length.
class CsvRecords {
 public:
  CsvRecords(CsvParser parser, std::vector<std::string> names, TextOptions options)
      : parser_(std::move(parser)), names_(std::move(names)), options_(std::move(options)) {}

  static Result<CsvRecords> open(const std::string& file, const TextOptions& options) {
    RTML_TRY_ASSIGN(CsvParser parser, CsvParser::open(file, options.delimiter));
    RTML_TRY_ASSIGN(std::vector<std::string> names, read_header(parser));
    return CsvRecords(std::move(parser), std::move(names), options);
  }

  const std::vector<std::string>& names() const { return names_; }
  const std::string& file() const { return parser_.file(); }
  std::int64_t line() const { return parser_.line(); }

  Result<bool> next(std::vector<CsvField>& fields) {
    while (true) {
      RTML_TRY_ASSIGN(const bool found, parser_.next(fields));
      if (!found) return false;
      if (fields.size() == names_.size()) return true;
      const bool is_blank = fields.size() == 1 && fields[0].text.empty() && !fields[0].is_quoted;
      if (is_blank) continue;
      return fail(file_error(ErrorCode::kDataCorrupt,
                             std::to_string(fields.size()) + " fields where the header has " +
                                 std::to_string(names_.size()),
                             parser_.file(), parser_.line())
                      .with_help("quote fields that hold the delimiter or a line end"));
    }
  }

  bool is_null(const CsvField& field) const {
    if (field.is_quoted) return false;
    if (field.text.empty()) return true;
    return std::find(options_.null_values.begin(), options_.null_values.end(), field.text) !=
           options_.null_values.end();
  }

 private:
  CsvParser parser_;
  std::vector<std::string> names_;
  TextOptions options_;
};

class CsvRows : public FileRows {
 public:
  CsvRows(CsvRecords records, const ScanSettings& settings, std::vector<std::size_t> indices)
      : records_(std::move(records)),
        columns_(settings.columns),
        indices_(std::move(indices)),
        batch_rows_(settings.batch_rows) {
    std::vector<table::Field> fields;
    for (const WantedColumn& column : columns_) {
      fields.push_back({column.name, column.type});
      builders_.emplace_back(column.type);
    }
    schema_ = std::make_shared<const table::Schema>(std::move(fields));
  }

  Result<bool> next(ArrowArray* out) override {
    std::int64_t rows = 0;
    for (; rows < batch_rows_; ++rows) {
      RTML_TRY_ASSIGN(const bool found, records_.next(fields_));
      if (!found) break;
      RTML_TRY(append_record());
    }
    if (rows == 0) return false;
    std::vector<table::Column> columns;
    for (table::ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    table::export_batch(table::Batch(schema_, std::move(columns), rows), out);
    return true;
  }

 private:
  Status append_record() {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const CsvField& field = fields_[indices_[i]];
      const bool is_list = columns_[i].type.is_list;
      const bool is_text = !is_list && (columns_[i].type.kind == table::Kind::kString ||
                                        columns_[i].type.kind == table::Kind::kBytes);
      if (records_.is_null(field) || (field.text.empty() && !is_text)) {
        builders_[i].append_null();
        continue;
      }
      if (is_list) {
        RTML_TRY(append_list(field.text, i));
        continue;
      }
      const Conversion conversion = append_text_value(field.text, columns_[i], builders_[i]);
      if (conversion != Conversion::kDone) {
        return fail(conversion_error(conversion, columns_[i], field.text, records_.file(),
                                     records_.line()));
      }
    }
    return {};
  }

  // CSV has no lists; they stand there as JSON.
  Status append_list(std::string_view text, std::size_t column) {
    if (!is_utf8(text)) {
      return fail(conversion_error(Conversion::kNotUtf8, columns_[column], text, records_.file(),
                                   records_.line()));
    }
    const TextPlace place{records_.file(), records_.line()};
    RTML_TRY_ASSIGN(const simdjson::dom::element list, parse_json(json_, text, false, place));
    return append_json(list, columns_[column], place, builders_[column]);
  }

  CsvRecords records_;
  simdjson::dom::parser json_;
  std::vector<WantedColumn> columns_;
  std::vector<std::size_t> indices_;  // Of the wanted columns in a record.
  std::int64_t batch_rows_;
  std::shared_ptr<const table::Schema> schema_;
  std::vector<table::ColumnBuilder> builders_;
  std::vector<CsvField> fields_;
};

}  // namespace

Result<std::vector<std::string>> read_csv_header(const std::string& file,
                                                 const TextOptions& options) {
  RTML_TRY_ASSIGN(CsvParser parser, CsvParser::open(file, options.delimiter));
  return read_header(parser);
}

Status guess_csv_types(const std::string& file, const TextOptions& options,
                       std::map<std::string, TypeGuess>& guesses, const Checkpoint& checkpoint) {
  RTML_TRY_ASSIGN(CsvRecords records, CsvRecords::open(file, options));
  std::vector<TypeGuess*> by_index;
  for (const std::string& name : records.names()) {
    const auto found = guesses.find(name);
    by_index.push_back(found == guesses.end() ? nullptr : &found->second);
  }
  std::vector<CsvField> fields;
  for (std::int64_t row = 0;; ++row) {
    if (row % 65'536 == 0) RTML_TRY(checkpoint());
    RTML_TRY_ASSIGN(const bool found, records.next(fields));
    if (!found) return {};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (by_index[i] != nullptr && !records.is_null(fields[i])) by_index[i]->see(fields[i].text);
    }
  }
}

Result<std::unique_ptr<FileRows>> open_csv(const std::string& file, const ScanSettings& settings) {
  RTML_TRY_ASSIGN(CsvRecords records, CsvRecords::open(file, settings.text));
  std::vector<table::Field> header;
  for (const std::string& name : records.names()) header.push_back({name, {}});
  const table::Schema schema(std::move(header));
  std::vector<std::size_t> indices;
  for (const WantedColumn& column : settings.columns) {
    RTML_TRY_ASSIGN(const std::size_t index, schema.require(column.name, file));
    indices.push_back(index);
  }
  return std::make_unique<CsvRows>(std::move(records), settings, std::move(indices));
}

}  // namespace rtml::file
