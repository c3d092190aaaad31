// Moments and durations as rtml writes them. A moment is int64 microseconds since the epoch in UTC;
// a day is 86,400 s.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml {

inline constexpr std::int64_t kMicrosecond = 1;
inline constexpr std::int64_t kMillisecond = 1'000;
inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;
inline constexpr std::int64_t kWeek = 7 * kDay;

// The moments that a four-digit year can write, 0001-01-01 to 9999-12-31, in microseconds.
inline constexpr std::int64_t kMinTimestamp = -62'135'596'800 * kSecond;
inline constexpr std::int64_t kMaxTimestamp = 253'402'300'800 * kSecond - 1;

// Reads RFC 3339 and its common relaxations: "2024-03-01", "2024-03-01T12:30", a space for the "T",
// one or more digits of fraction (finer than a microsecond floors), "Z" or "+01:00"; without a zone
// the time is UTC. Fails with kDataBadTimestamp.
Result<std::int64_t> parse_timestamp(std::string_view text);

// The same without a message, for inner loops. Returns false if `text` is no timestamp.
bool parse_timestamp(std::string_view text, std::int64_t* timestamp_us);

// Writes "2024-03-01T12:30:00Z", with 3 or 6 digits of fraction where there is one.
std::string format_timestamp(std::int64_t timestamp_us);

// Reads a whole number and a unit, "15m" or "1h30m" (units us ms s m h d w, largest first). Returns
// microseconds, never negative. Fails with kBadValue.
Result<std::int64_t> parse_duration(std::string_view text);

// Writes the shortest exact form that parse_duration() reads: "7d", "1h30m", "0s".
std::string format_duration(std::int64_t duration_us);

// Divides towards minus infinity, so that days and tiles before 1970 come out right.
constexpr std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) {
  const std::int64_t quotient = dividend / divisor;
  return dividend % divisor != 0 && (dividend < 0) != (divisor < 0) ? quotient - 1 : quotient;
}

// A date and time of day in UTC of the proleptic Gregorian calendar.
struct CivilTime {
  std::int64_t year;
  int month;    // 1 to 12.
  int day;      // 1 to 31.
  int weekday;  // 1 Monday to 7 Sunday, as ISO 8601 counts.
  int hour;
  int minute;
  int second;
  int microsecond;
};
CivilTime to_civil(std::int64_t timestamp_us);
std::int64_t days_from_civil(std::int64_t year, int month, int day);

}  // namespace rtml
