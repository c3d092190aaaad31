// JSON values and their two written forms: readable and canonical (RFC 8785).

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml {

// Keeps the order in which members were added, so that reports read as they were written.
using Json = nlohmann::ordered_json;

// Parses one JSON text. Fails with kDataCorrupt, naming `what` and the byte where it went wrong.
Result<Json> parse_json(std::string_view text, std::string_view what);

// Writes `value` on one line, or indented by two spaces. A number that is not finite is written as
// the string "NaN", "Infinity" or "-Infinity", since JSON has no such numbers; bytes that are not
// UTF-8 are replaced.
std::string to_json_text(const Json& value);
std::string to_indented_json_text(const Json& value);

// Writes `value` in the form of RFC 8785 (members sorted by UTF-16 code units, numbers as
// ECMAScript prints them), so that equal values give equal bytes. Numbers that are not finite
// are written as in to_json_text().
std::string to_canonical_json(const Json& value);

}  // namespace rtml
