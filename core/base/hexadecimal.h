// Bytes and numbers in lower-case hexadecimal digits.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtml {

// Appends the lowest `digits` digits of a number, at most 16, the highest first.
void append_hexadecimal(std::string& text, std::uint64_t number, int digits);

// All 16 digits of a number.
std::string hexadecimal(std::uint64_t number);

// Two digits a byte.
std::string hexadecimal(std::string_view bytes);

}  // namespace rtml
