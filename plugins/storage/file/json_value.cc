#include "plugins/storage/file/json_value.h"

#include <cmath>
#include <limits>

#include "core/base/wide_integers.h"
#include "plugins/storage/file/text_value.h"

namespace rtml::file {
namespace {

namespace dom = simdjson::dom;

std::string text_of(dom::element value) {
  return simdjson::minify(value);
}

tl::unexpected<Error> wrong(dom::element value, const WantedColumn& column,
                            const TextPlace& place) {
  return fail(
      conversion_error(Conversion::kWrongType, column, text_of(value), place.file, place.line));
}

Status append_integer(dom::element value, const WantedColumn& column, const TextPlace& place,
                      table::ColumnBuilder& builder) {
  std::int64_t integer = 0;
  double number = 0;
  if (value.get(integer) != simdjson::SUCCESS) {
    // 3.0 is an integer that somebody's program wrote as a double.
    constexpr double kLimit = 9007199254740992.0;
    if (!value.is_double() || value.get(number) != simdjson::SUCCESS ||
        number != std::trunc(number) || std::abs(number) > kLimit) {
      return wrong(value, column, place);
    }
    integer = static_cast<std::int64_t>(number);
  }
  if (column.type.kind == table::Kind::kInt32 &&
      (integer < std::numeric_limits<std::int32_t>::min() ||
       integer > std::numeric_limits<std::int32_t>::max())) {
    return wrong(value, column, place);
  }
  builder.append_integer(integer);
  return {};
}

Status append_timestamp(dom::element value, const WantedColumn& column, const TextPlace& place,
                        table::ColumnBuilder& builder) {
  const std::string text =
      value.is_string() ? std::string(std::string_view(value)) : text_of(value);
  const bool is_time = value.is_string() || (value.is_int64() && !column.time_unit.empty());
  const Conversion conversion =
      is_time ? append_text_value(text, column, builder) : Conversion::kBadTimestamp;
  if (conversion == Conversion::kDone) return {};
  return fail(conversion_error(conversion, column, text, place.file, place.line));
}

Status append_scalar(dom::element value, const WantedColumn& column, const TextPlace& place,
                     table::ColumnBuilder& builder) {
  switch (column.type.kind) {
    case table::Kind::kBool:
      if (!value.is_bool()) return wrong(value, column, place);
      builder.append_bool(bool(value));
      return {};
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      return append_integer(value, column, place, builder);
    case table::Kind::kFloat:
    case table::Kind::kDouble: {
      double number = 0;
      const bool is_special =
          value.is_string() && is_special_number(std::string_view(value), &number);
      if (!is_special && !value.is_number()) return wrong(value, column, place);
      builder.append_number(is_special ? number : double(value));
      return {};
    }
    case table::Kind::kTimestamp:
      return append_timestamp(value, column, place, builder);
    case table::Kind::kString:
    case table::Kind::kBytes:
      if (!value.is_string()) return wrong(value, column, place);
      builder.append_text(std::string_view(value));
      return {};
  }
  return wrong(value, column, place);
}

}  // namespace

bool is_special_number(std::string_view text, double* value) {
  if (text == "NaN") {
    *value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    *value = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    *value = -std::numeric_limits<double>::infinity();
  } else {
    return false;
  }
  return true;
}

Result<dom::element> parse_json(dom::parser& parser, std::string_view text, bool is_padded,
                                const TextPlace& place) {
  dom::element element;
  auto failure = parser.parse(text.data(), text.size(), !is_padded).get(element);
  if (failure == simdjson::NUMBER_ERROR) {
    const auto decimals = with_wide_integers_as_decimals(text);
    if (decimals) failure = parser.parse(*decimals).get(element);
  }
  if (failure == simdjson::SUCCESS) return element;
  return fail(file_error(ErrorCode::kDataCorrupt,
                         std::string("not JSON: ") + simdjson::error_message(failure), place.file,
                         place.line));
}

Status append_json(dom::element value, const WantedColumn& column, const TextPlace& place,
                   table::ColumnBuilder& builder) {
  if (value.is_null()) {
    builder.append_null();
    return {};
  }
  if (!column.type.is_list) return append_scalar(value, column, place, builder);
  if (!value.is_array()) return wrong(value, column, place);
  WantedColumn items = column;
  items.type.is_list = false;
  builder.append_list();
  for (const dom::element item : dom::array(value)) {
    RTML_TRY(append_json(item, items, place, builder.items()));
  }
  return {};
}

}  // namespace rtml::file
