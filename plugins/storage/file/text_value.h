// Values written as text: which type a column of them has, and a value of a type.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/table/column.h"
#include "plugins/storage/file/table_file.h"

namespace rtml::file {

// Learns the narrowest type that all values of a column fit: BOOL (true, false), INT64 (no leading
// zeros, so that codes such as 00123 stay as they are), DOUBLE, TIMESTAMP, STRING.
class TypeGuess {
 public:
  void see(std::string_view text);
  // Nothing if no value was seen.
  std::optional<table::DataType> type() const;

 private:
  enum class Guess : std::uint8_t { kNothing, kBool, kInteger, kNumber, kTimestamp, kString };
  static Guess narrowest(std::string_view text);
  Guess guess_ = Guess::kNothing;
};

enum class Conversion : std::uint8_t { kDone, kWrongType, kBadTimestamp, kNotUtf8 };

// Appends the value of `text` as the column's type. Space around numbers and times is ignored.
// REQUIRES: the type is no list and is the builder's.
Conversion append_text_value(std::string_view text, const WantedColumn& column,
                             table::ColumnBuilder& builder);

// The error of a conversion other than kDone.
Error conversion_error(Conversion conversion, const WantedColumn& column, std::string_view text,
                       const std::string& file, std::int64_t line);

bool parse_integer(std::string_view text, std::int64_t* value);
// Also NaN, inf and infinity with a sign, in any case.
bool parse_number(std::string_view text, double* value);
bool parse_bool(std::string_view text, bool* value);

}  // namespace rtml::file
