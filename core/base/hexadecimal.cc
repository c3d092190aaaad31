#include "core/base/hexadecimal.h"

namespace rtml {

void append_hexadecimal(std::string& text, std::uint64_t number, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t end = text.size() + static_cast<std::size_t>(digits);
  text.resize(end);
  for (std::size_t i = 1; i <= static_cast<std::size_t>(digits); ++i, number >>= 4) {
    text[end - i] = kDigits[number & 0xF];
  }
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
