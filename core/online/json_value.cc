#include "core/online/json_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/base64.h"
#include "core/base/time.h"
#include "core/base/utf8.h"
#include "core/table/list_limit.h"

namespace rtml::online {
namespace {

tl::unexpected<Error> wrong(std::string_view what, table::DataType type, const std::string& value) {
  return fail(ErrorCode::kBadOptionValue,
              std::string(what) + " is not of type " + table::to_string(type) + ": " + value);
}

bool fits(std::int64_t value, table::DataType type) {
  return type.kind != table::Kind::kInt32 || (value >= std::numeric_limits<std::int32_t>::min() &&
                                              value <= std::numeric_limits<std::int32_t>::max());
}

std::int64_t to_microseconds(std::int64_t value, project::TimeUnit unit) {
  switch (unit) {
    case project::TimeUnit::kSecond:
      return value * kSecond;
    case project::TimeUnit::kMillisecond:
      return value * kMillisecond;
    case project::TimeUnit::kMicrosecond:
      return value;
    case project::TimeUnit::kNanosecond:
      return floor_divide(value, 1000);
  }
  return value;
}

// Whether a JSON number is an integer that 64 bits hold.
bool is_integer(const Json& json) {
  return json.is_number_integer() &&
         (!json.is_number_unsigned() ||
          json.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
}

// A FLOAT is what a column of that type would hold.
table::Value number_of(double number, table::DataType type) {
  return table::Value::of_number(type.kind == table::Kind::kFloat ? static_cast<float>(number)
                                                                  : number);
}

std::optional<double> special_number(const std::string& text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// The member of an object that holds bytes which are no text.
constexpr const char* kBase64 = "base64";

std::optional<std::string> bytes_of_object(const Json& json) {
  if (!json.is_object() || json.size() != 1) return std::nullopt;
  const auto member = json.find(kBase64);
  if (member == json.end() || !member->is_string()) return std::nullopt;
  return from_base64(member->get_ref<const std::string&>());
}

// The moment that an integer of `unit` means, if a four-digit year can write it.
std::optional<std::int64_t> moment_of(std::int64_t value, project::TimeUnit unit) {
  const std::int64_t scale = unit == project::TimeUnit::kSecond        ? kSecond
                             : unit == project::TimeUnit::kMillisecond ? kMillisecond
                                                                       : 1;
  if (value > kMaxTimestamp / scale || value < kMinTimestamp / scale) {
    if (unit != project::TimeUnit::kNanosecond) return std::nullopt;
  }
  return to_microseconds(value, unit);
}

}  // namespace

Result<table::Value> value_of_json(const Json& json, table::DataType type,
                                   std::optional<project::TimeUnit> unit, std::string_view what,
                                   table::ValueMemory& memory) {
  if (json.is_null()) return table::Value();
  if (type.is_list) {
    if (!json.is_array()) return wrong(what, type, to_json_text(json));
    if (std::ssize(json) > table::kMostListItems) {
      return fail(ErrorCode::kBadOptionValue, std::string(what) + " has more items than the " +
                                                  std::to_string(table::kMostListItems) +
                                                  " of a list: " + std::to_string(json.size()));
    }
    const std::span<table::Value> items = memory.make_list(json.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      RTML_TRY_ASSIGN(items[i], value_of_json(json[i], {type.kind, false}, unit, what, memory));
    }
    return table::Value::of_list(items);
  }
  switch (type.kind) {
    case table::Kind::kBool:
      if (json.is_boolean()) return table::Value::of_bool(json.get<bool>());
      break;
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      if (is_integer(json) && fits(json.get<std::int64_t>(), type)) {
        return table::Value::of_integer(json.get<std::int64_t>());
      }
      break;
    case table::Kind::kFloat:
    case table::Kind::kDouble:
      if (json.is_number()) return number_of(json.get<double>(), type);
      if (json.is_string()) {
        if (const auto number = special_number(json.get_ref<const std::string&>())) {
          return table::Value::of_number(*number);
        }
      }
      break;
    case table::Kind::kBytes:
      if (const auto bytes = bytes_of_object(json)) {
        return memory.keep(table::Value::of_text(*bytes));
      }
      [[fallthrough]];
    case table::Kind::kString:
      if (json.is_string()) return table::Value::of_text(json.get_ref<const std::string&>());
      break;
    case table::Kind::kTimestamp:
      if (json.is_string()) {
        RTML_TRY_ASSIGN(const std::int64_t time, parse_timestamp(json.get<std::string>()));
        return table::Value::of_integer(time);
      }
      if (is_integer(json)) {
        const auto time =
            moment_of(json.get<std::int64_t>(), unit.value_or(project::TimeUnit::kMicrosecond));
        if (time) return table::Value::of_integer(*time);
      }
      break;
  }
  return wrong(what, type, to_json_text(json));
}

Result<table::Value> value_of_text(const std::string& text, table::DataType type,
                                   std::string_view what) {
  if (type.is_list) return wrong(what, type, text);
  switch (type.kind) {
    case table::Kind::kString:
    case table::Kind::kBytes:
      return table::Value::of_text(text);
    case table::Kind::kBool:
      if (text == "true" || text == "false") return table::Value::of_bool(text == "true");
      break;
    case table::Kind::kTimestamp: {
      RTML_TRY_ASSIGN(const std::int64_t time, parse_timestamp(text));
      return table::Value::of_integer(time);
    }
    case table::Kind::kInt32:
    case table::Kind::kInt64: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size() && fits(value, type)) {
        return table::Value::of_integer(value);
      }
      break;
    }
    case table::Kind::kFloat:
    case table::Kind::kDouble: {
      if (const auto number = special_number(text)) return table::Value::of_number(*number);
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      // "inf" and "nan" are words of this function alone.
      if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) {
        return number_of(value, type);
      }
      break;
    }
  }
  return wrong(what, type, text);
}

Json json_of_value(const table::Value& value, table::DataType type) {
  if (value.is_null()) return {};
  if (type.is_list) {
    Json items = Json::array();
    for (const table::Value& item : value.list()) {
      items.push_back(json_of_value(item, {type.kind, false}));
    }
    return items;
  }
  switch (type.kind) {
    case table::Kind::kBool:
      return value.boolean();
    case table::Kind::kFloat:
    case table::Kind::kDouble:
      return value.is_number() ? value.number() : static_cast<double>(value.integer());
    case table::Kind::kBytes:
      if (!is_utf8(value.text())) return Json{{kBase64, to_base64(value.text())}};
      [[fallthrough]];
    case table::Kind::kString:
      return std::string(value.text());
    case table::Kind::kTimestamp:
      return format_timestamp(value.integer());
    default:
      return value.integer();
  }
}

}  // namespace rtml::online
