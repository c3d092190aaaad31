#include "core/expression/function.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/expression/function_rows.h"

namespace rtml::expression::detail {
namespace {

using table::DataType;
using table::Kind;

Rows make_overloads() {
  Rows rows;
  add_numeric_functions(rows);
  add_value_functions(rows);
  add_text_functions(rows);
  add_time_functions(rows);
  add_list_functions(rows);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Overload& a, const Overload& b) { return a.name < b.name; });
  return rows;
}

bool widen(double* out, std::int64_t a) {
  *out = static_cast<double>(a);
  return true;
}

}  // namespace

DataType type_of_letter(char letter) {
  constexpr std::string_view kLetters = "bidsytBIDSYT";
  constexpr Kind kKinds[] = {Kind::kBool,   Kind::kInt64, Kind::kDouble,
                             Kind::kString, Kind::kBytes, Kind::kTimestamp};
  const std::size_t at = kLetters.find(letter);
  return {kKinds[at % 6], at >= 6};
}

const std::vector<Overload>& overloads() {
  static const Rows rows = make_overloads();
  return rows;
}

const Overload& widening(bool is_list) {
  static const Overload overload = row<&widen>("double", "i:d");
  return is_list ? widening_of_lists() : overload;
}

const std::vector<Meaning>& meanings() {
  static const std::vector<Meaning> rows = {
      {"abs", "x", "The absolute value; null where INT64 has none."},
      {"bool", "x", "0 is false, other numbers true; 'true' and 'false'; else null."},
      {"bucket", "x, bounds", "How many of the bounds are at or below x; null for NaN."},
      {"bytes", "text", "The bytes of a text in UTF-8."},
      {"ceil", "x", "The least whole number that is not below x."},
      {"clip", "x, low, high", "x held between low and high."},
      {"coalesce", "a, b, …", "The first argument that is not null.", true},
      {"concat", "a, b, …", "The texts one after the other.", true},
      {"contains", "text, part", "Whether the text holds the part, or the list the value."},
      {"cos", "x", "The cosine of an angle in radians."},
      {"cosine", "a, b",
       "The cosine of the angle between two lists as vectors; null where one has no length."},
      {"day_of_month", "time", "1 to 31, in UTC."},
      {"day_of_week", "time", "0 Monday to 6 Sunday, in UTC."},
      {"day_of_year", "time", "1 to 366, in UTC."},
      {"dot", "a, b", "The sum of the products of two lists' items, from first to last."},
      {"double", "x", "The nearest DOUBLE of an integer, a BOOL or a text; null if it has none."},
      {"element", "list, index", "The item at the index from 0, from the end if negative."},
      {"ends_with", "text, part", "Whether the first text ends with the second."},
      {"euclidean", "a, b", "The distance between two lists as points."},
      {"exp", "x", "e to the power of x."},
      {"expm1", "x", "e to the power of x, less 1."},
      {"floor", "x", "The greatest whole number that is not above x."},
      {"floor_time", "time, step",
       "The latest multiple of the step since 1970 at or before the time."},
      {"hash", "x", "The 64 bits of XXH64 of x, seed 0, as INT64."},
      {"hash_bucket", "x, n", "XXH64 of x, seed 0, modulo n: 0 to n - 1."},
      {"haversine_km", "lat1, lon1, lat2, lon2",
       "Kilometres along the earth between two points in degrees."},
      {"hour_of_day", "time", "0 to 23, in UTC."},
      {"if", "condition, a, …, b",
       "The value behind the first condition that is true, else the last."},
      {"index_of", "text, part", "Where the part starts, from 0; null if it is not there."},
      {"int", "x", "x without its fraction; BOOL 0 or 1; a text in decimal; else null."},
      {"is_finite", "x", "Whether x is neither infinite nor NaN."},
      {"is_nan", "x", "Whether x is NaN."},
      {"is_null", "x", "Whether there is no value; never null itself."},
      {"is_weekend", "time", "Whether it is Saturday or Sunday in UTC."},
      {"length", "text", "The number of characters (code points), of bytes, of items of a list."},
      {"like", "text, pattern", "SQL's LIKE: % is any text, _ any character, \\ escapes them."},
      {"log", "x", "The natural logarithm; -infinity of 0, NaN below."},
      {"log10", "x", "The logarithm to base 10."},
      {"log1p", "x", "The natural logarithm of 1 + x."},
      {"log2", "x", "The logarithm to base 2."},
      {"lower", "text", "The text with A to Z made small; other letters stay."},
      {"max", "a, b, …",
       "The greatest argument; NaN if one is NaN, null if one is null. Of one list: of its items.",
       true},
      {"mean", "list", "The sum of the items divided by their number, nulls skipped."},
      {"min", "a, b, …",
       "The least argument; NaN if one is NaN, null if one is null. Of one list: of its items.",
       true},
      {"minute_of_hour", "time", "0 to 59, in UTC."},
      {"month", "time", "1 to 12, in UTC."},
      {"norm", "list", "The length of a list as a vector: the root of the sum of its squares."},
      {"ordinal", "x, list", "The index of x in the list, from 0; null if it is not there."},
      {"pi", "", "3.141592653589793."},
      {"pow", "x, y", "x to the power of y."},
      {"quarter", "time", "1 to 4, in UTC."},
      {"replace", "text, from, to", "The text with each `from` replaced, from left to right."},
      {"round", "x, digits",
       "The nearest whole number, halves away from zero; or to 0 to 15 decimal digits."},
      {"second_of_day", "time", "0 to 86399, in UTC."},
      {"second_of_minute", "time", "0 to 59, in UTC."},
      {"seconds_between", "from, to", "The seconds from one moment to another, as DOUBLE."},
      {"sign", "x", "-1, 0 or 1."},
      {"sin", "x", "The sine of an angle in radians."},
      {"split_part", "text, separator, index",
       "The part at the index from 0, from the end if negative; null if there is none."},
      {"sqrt", "x", "The square root; NaN below 0."},
      {"start_of_day", "time", "Midnight before it, in UTC."},
      {"start_of_month", "time", "The first moment of its month, in UTC."},
      {"start_of_quarter", "time", "The first moment of its quarter, in UTC."},
      {"start_of_week", "time", "The first moment of its Monday, in UTC."},
      {"start_of_year", "time", "The first moment of its year, in UTC."},
      {"starts_with", "text, part", "Whether the first text starts with the second."},
      {"string", "x", "x as a text: the shortest that reads back, RFC 3339 for a moment."},
      {"substring", "text, start, count",
       "Characters from start, from 0 or from the end if negative; all that follow without count."},
      {"sum", "list", "The exact sum of the items, rounded once, nulls skipped."},
      {"timestamp", "x",
       "The moment an RFC 3339 text or microseconds since 1970 name; null if they name none."},
      {"trim", "text", "The text without blanks at both ends."},
      {"trim_end", "text", "The text without blanks at its end."},
      {"trim_start", "text", "The text without blanks at its start."},
      {"trunc", "x", "x without its fraction."},
      {"upper", "text", "The text with a to z made capital; other letters stay."},
      {"week_of_year", "time", "1 to 53, as ISO 8601 counts weeks, in UTC."},
      {"year", "time", "The year, in UTC."},
      {"year_of_week", "time", "The year that its ISO 8601 week belongs to, in UTC."},
  };
  return rows;
}

double canonical_number(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

}  // namespace rtml::expression::detail
