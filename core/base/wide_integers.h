// Integers of JSON that do not fit 64 bits.
//
// Programs write the number 1e20 as 100000000000000000000 too (ECMAScript up to 1e21, printf's %.0f
// beyond), which a parser that tells integers from decimals refuses.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtml {

// `json` with ".0" behind every integer that is neither an INT64 nor an unsigned 64-bit integer, so
// that it is read as the DOUBLE it stands for; nothing if there is none.
std::optional<std::string> with_wide_integers_as_decimals(std::string_view json);

}  // namespace rtml
