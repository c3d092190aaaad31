#include "core/base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace rtml {
namespace {

// Replaces numbers that JSON cannot write by their names.
Json with_finite_numbers(const Json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return value;
  }
  if (value.is_array()) {
    Json copy = Json::array();
    for (const Json& item : value) copy.push_back(with_finite_numbers(item));
    return copy;
  }
  if (value.is_object()) {
    Json copy = Json::object();
    for (const auto& [key, item] : value.items()) copy[key] = with_finite_numbers(item);
    return copy;
  }
  return value;
}

// The UTF-16 code units of a UTF-8 text, which is the order RFC 8785 sorts member names in.
std::u16string utf16_units(std::string_view text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    char32_t point = extra == 3   ? lead & 0x07
                     : extra == 2 ? lead & 0x0F
                     : extra == 1 ? lead & 0x1F
                                  : lead;
    for (int k = 1; k <= extra && i + k < text.size(); ++k) {
      point = (point << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    }
    i += 1 + extra;
    if (point >= 0x10000) {
      point -= 0x10000;
      units.push_back(static_cast<char16_t>(0xD800 + (point >> 10)));
      units.push_back(static_cast<char16_t>(0xDC00 + (point & 0x3FF)));
    } else {
      units.push_back(static_cast<char16_t>(point));
    }
  }
  return units;
}

// ECMAScript's Number::toString (ECMA-262 section 6.1.6.1.20) from the shortest digits.
std::string ecmascript_number(double number) {
  if (number == 0) return "0";
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(number),
                                     std::chars_format::scientific);
  const std::string_view text(buffer, written.ptr - buffer);
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  const int point = std::stoi(std::string(text.substr(e + 1))) + 1;  // Digits before the point.
  const int count = static_cast<int>(digits.size());
  std::string out = number < 0 ? "-" : "";
  if (count <= point && point <= 21) {
    return out + digits + std::string(point - count, '0');
  }
  if (0 < point && point <= 21) {
    return out + digits.substr(0, point) + "." + digits.substr(point);
  }
  if (-6 < point && point <= 0) return out + "0." + std::string(-point, '0') + digits;
  const int exponent = point - 1;
  out += digits.substr(0, 1);
  if (count > 1) out += "." + digits.substr(1);
  return out + "e" + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
}

// Text as it stands between quotes unless something in it must be escaped; the library takes far
// longer over it.
void write_text(const std::string& text, std::string& out) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (is_plain) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += to_json_text(text);
  }
}

void write_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    struct Member {
      std::u16string order;
      const std::string* key;
      const Json* item;
    };
    std::vector<Member> members;
    for (const auto& [key, item] : value.items()) {
      members.push_back({utf16_units(key), &key, &item});
    }
    std::sort(members.begin(), members.end(),
              [](const Member& a, const Member& b) { return a.order < b.order; });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      write_text(*members[i].key, out);
      out += ':';
      write_canonical(*members[i].item, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      write_canonical(value[i], out);
    }
    out += ']';
  } else if (value.is_number_float() && std::isfinite(value.get<double>())) {
    out += ecmascript_number(value.get<double>());
  } else if (value.is_string()) {
    write_text(value.get_ref<const std::string&>(), out);
  } else {
    out += to_json_text(value);
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::kDataCorrupt,
                std::string(what) + " is not valid JSON at byte " + std::to_string(error.byte));
  }
}

std::string to_json_text(const Json& value) {
  return with_finite_numbers(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_indented_json_text(const Json& value) {
  return with_finite_numbers(value).dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string to_canonical_json(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

}  // namespace rtml
