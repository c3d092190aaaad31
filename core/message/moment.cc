#include "core/message/moment.h"

#include <charconv>

#include "core/base/time.h"

namespace rtml::message {

std::optional<std::int64_t> moment_of_integer(std::int64_t value, project::TimeUnit unit) {
  std::int64_t moment_us = value;
  if (unit == project::TimeUnit::kNanosecond) {
    moment_us = floor_divide(value, 1'000);
  } else {
    const std::int64_t scale = unit == project::TimeUnit::kSecond        ? kSecond
                               : unit == project::TimeUnit::kMillisecond ? kMillisecond
                                                                         : 1;
    if (__builtin_mul_overflow(value, scale, &moment_us)) return std::nullopt;
  }
  if (moment_us < kMinTimestamp || moment_us > kMaxTimestamp) return std::nullopt;
  return moment_us;
}

std::optional<std::int64_t> moment_of_text(std::string_view text,
                                           std::optional<project::TimeUnit> unit) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::int64_t value = 0;
  if (unit) {
    std::string_view digits = text;
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size()) {
      return moment_of_integer(value, *unit);
    }
  }
  if (!parse_timestamp(text, &value)) return std::nullopt;
  return value;
}

}  // namespace rtml::message
