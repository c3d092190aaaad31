#include "plugins/storage/file/text_value.h"

#include <charconv>
#include <limits>

#include "core/base/time.h"
#include "core/base/utf8.h"

namespace rtml::file {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "0012" and "-07" are codes, "0", "0.5" and "-0" are numbers.
bool has_leading_zero(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

Conversion append_integer(std::string_view text, table::DataType type,
                          table::ColumnBuilder& builder) {
  std::int64_t value = 0;
  if (!parse_integer(text, &value)) return Conversion::kWrongType;
  if (type.kind == table::Kind::kInt32 && (value < std::numeric_limits<std::int32_t>::min() ||
                                           value > std::numeric_limits<std::int32_t>::max())) {
    return Conversion::kWrongType;
  }
  builder.append_integer(value);
  return Conversion::kDone;
}

Conversion append_timestamp(std::string_view text, const WantedColumn& column,
                            table::ColumnBuilder& builder) {
  std::int64_t value = 0;
  std::int64_t timestamp_us = 0;
  if (!column.time_unit.empty() && parse_integer(text, &value)) {
    if (!time_from_integer(value, column.time_unit, &timestamp_us)) {
      return Conversion::kBadTimestamp;
    }
  } else if (!parse_timestamp(text, &timestamp_us)) {
    return Conversion::kBadTimestamp;
  }
  builder.append_integer(timestamp_us);
  return Conversion::kDone;
}

}  // namespace

bool parse_integer(std::string_view text, std::int64_t* value) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

bool parse_number(std::string_view text, double* value) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

bool parse_bool(std::string_view text, bool* value) {
  *value = text == "true" || text == "True" || text == "TRUE";
  return *value || text == "false" || text == "False" || text == "FALSE";
}

TypeGuess::Guess TypeGuess::narrowest(std::string_view text) {
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  text = trimmed(text);
  if (parse_bool(text, &boolean)) return Guess::kBool;
  if (!has_leading_zero(text)) {
    if (parse_integer(text, &integer)) return Guess::kInteger;
    if (parse_number(text, &number)) return Guess::kNumber;
  }
  if (parse_timestamp(text, &integer)) return Guess::kTimestamp;
  return Guess::kString;
}

void TypeGuess::see(std::string_view text) {
  if (guess_ == Guess::kString) return;
  const Guess seen = narrowest(text);
  if (guess_ == Guess::kNothing || guess_ == seen) {
    guess_ = seen;
  } else if ((guess_ == Guess::kInteger && seen == Guess::kNumber) ||
             (guess_ == Guess::kNumber && seen == Guess::kInteger)) {
    guess_ = Guess::kNumber;
  } else {
    guess_ = Guess::kString;
  }
}

std::optional<table::DataType> TypeGuess::type() const {
  switch (guess_) {
    case Guess::kNothing:
      return std::nullopt;
    case Guess::kBool:
      return table::DataType{table::Kind::kBool};
    case Guess::kInteger:
      return table::DataType{table::Kind::kInt64};
    case Guess::kNumber:
      return table::DataType{table::Kind::kDouble};
    case Guess::kTimestamp:
      return table::DataType{table::Kind::kTimestamp};
    case Guess::kString:
      return table::DataType{table::Kind::kString};
  }
  return std::nullopt;
}

Conversion append_text_value(std::string_view text, const WantedColumn& column,
                             table::ColumnBuilder& builder) {
  switch (column.type.kind) {
    case table::Kind::kString:
      if (!is_ascii(text) && !is_utf8(text)) return Conversion::kNotUtf8;
      builder.append_text(text);
      return Conversion::kDone;
    case table::Kind::kBytes:
      builder.append_text(text);
      return Conversion::kDone;
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      return append_integer(trimmed(text), column.type, builder);
    case table::Kind::kFloat:
    case table::Kind::kDouble: {
      double value = 0;
      if (!parse_number(trimmed(text), &value)) return Conversion::kWrongType;
      builder.append_number(value);
      return Conversion::kDone;
    }
    case table::Kind::kBool: {
      bool value = false;
      const std::string_view word = trimmed(text);
      if (word == "1" || word == "0") {
        builder.append_bool(word == "1");
      } else if (parse_bool(word, &value)) {
        builder.append_bool(value);
      } else {
        return Conversion::kWrongType;
      }
      return Conversion::kDone;
    }
    case table::Kind::kTimestamp:
      return append_timestamp(trimmed(text), column, builder);
  }
  return Conversion::kWrongType;
}

Error conversion_error(Conversion conversion, const WantedColumn& column, std::string_view text,
                       const std::string& file, std::int64_t line) {
  const std::string place = "column \"" + column.name + "\": ";
  if (conversion == Conversion::kNotUtf8) {
    return file_error(ErrorCode::kDataCorrupt, place + "not UTF-8: " + shown_value(text), file,
                      line)
        .with_help("convert the file to UTF-8, or declare the column as BYTES");
  }
  if (conversion == Conversion::kBadTimestamp) {
    std::int64_t number = 0;
    Error error = file_error(ErrorCode::kDataBadTimestamp,
                             place + "not a timestamp: " + shown_value(text), file, line);
    if (column.time_unit.empty() && parse_integer(trimmed(text), &number)) {
      return std::move(error).with_help("for integer times declare the unit: s, ms, us or ns");
    }
    return std::move(error).with_help(
        "times are RFC 3339 of the years 1 to 9999: 2024-03-01T12:30:00Z");
  }
  return file_error(ErrorCode::kDataWrongType,
                    place + "not " + table::to_string(column.type) + ": " + shown_value(text), file,
                    line)
      .with_help("correct the value, or declare another type for the column in the source");
}

}  // namespace rtml::file
