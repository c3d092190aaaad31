#include "core/base/base64.h"

#include <array>
#include <cstdint>

namespace rtml {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte_at(std::string_view bytes, std::size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group =
        byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    for (int digit = 0; digit < 4; ++digit) {
      const bool is_padding = i + static_cast<std::size_t>(digit) > bytes.size();
      text += is_padding ? '=' : kAlphabet[group >> (18 - 6 * digit) & 0x3F];
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t digit = 0; digit < 4; ++digit) {
      const char c = text[i + digit];
      const std::size_t value = kAlphabet.find(c);
      if (c == '=' && i + 4 == text.size() && digit >= 2) {
        ++padding;
      } else if (value == std::string_view::npos || padding > 0) {
        return std::nullopt;
      }
      group = group << 6 | (c == '=' ? 0 : static_cast<std::uint32_t>(value));
    }
    for (std::size_t byte = 0; byte < 3 - padding; ++byte) {
      bytes += static_cast<char>(group >> (16 - 8 * byte) & 0xFF);
    }
  }
  return bytes;
}

}  // namespace rtml
