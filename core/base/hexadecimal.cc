#include "core/base/hexadecimal.h"

namespace rtml {

void append_hexadecimal(std::string& text, std::uint64_t number, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += kDigits[number >> shift & 0xF];
}

std::string hexadecimal(std::uint64_t number) {
  std::string text;
  append_hexadecimal(text, number, 16);
  return text;
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) append_hexadecimal(text, static_cast<unsigned char>(byte), 2);
  return text;
}

}  // namespace rtml
