#include "core/base/wide_integers.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace rtml {
namespace {

constexpr std::string_view kOfNumbers = "+-.0123456789Ee";

// Behind the string that starts at `at`.
std::size_t end_of_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

bool is_wide_integer(std::string_view number) {
  const bool is_negative = number.starts_with('-');
  const std::string_view digits = number.substr(is_negative ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return false;
  }
  std::uint64_t magnitude = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  return read.ec != std::errc() || (is_negative && magnitude > std::uint64_t{1} << 63);
}

}  // namespace

std::optional<std::string> with_wide_integers_as_decimals(std::string_view json) {
  std::string changed;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      at = end_of_string(json, at);
      continue;
    }
    if (kOfNumbers.substr(1, 12).find(json[at]) == std::string_view::npos) {
      ++at;
      continue;
    }
    const std::size_t end = std::min(json.find_first_not_of(kOfNumbers, at), json.size());
    if (is_wide_integer(json.substr(at, end - at))) {
      changed.append(json.substr(copied, end - copied)).append(".0");
      copied = end;
    }
    at = end;
  }
  if (copied == 0) return std::nullopt;
  return changed.append(json.substr(copied));
}

}  // namespace rtml
