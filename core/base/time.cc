#include "core/base/time.h"

#include <array>
#include <cstdio>

namespace rtml {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size_us;
};
// Largest first: the order in which a duration lists them.
constexpr std::array<Unit, 7> kUnits = {{{"w", kWeek},
                                         {"d", kDay},
                                         {"h", kHour},
                                         {"m", kMinute},
                                         {"s", kSecond},
                                         {"ms", kMillisecond},
                                         {"us", kMicrosecond}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads exactly `count` digits at `*position`.
bool read_digits(std::string_view text, std::size_t* position, int count, int* value) {
  if (*position + count > text.size()) return false;
  *value = 0;
  for (int i = 0; i < count; ++i) {
    const char c = text[(*position)++];
    if (!is_digit(c)) return false;
    *value = *value * 10 + (c - '0');
  }
  return true;
}

bool read_character(std::string_view text, std::size_t* position, char expected) {
  if (*position >= text.size() || text[*position] != expected) return false;
  ++*position;
  return true;
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Reads ".123456789"; digits past the sixth floor away.
bool read_fraction(std::string_view text, std::size_t* position, std::int64_t* microseconds) {
  *microseconds = 0;
  if (!read_character(text, position, '.')) return true;
  int digits = 0;
  for (; *position < text.size() && is_digit(text[*position]); ++*position, ++digits) {
    if (digits < 6) *microseconds = *microseconds * 10 + (text[*position] - '0');
  }
  for (int i = digits; i < 6; ++i) *microseconds *= 10;
  return digits > 0;
}

// Reads "Z", "+hh:mm", "-hhmm" or nothing, which means UTC.
bool read_zone(std::string_view text, std::size_t* position, std::int64_t* offset_us) {
  *offset_us = 0;
  if (*position == text.size()) return true;
  const char sign = text[(*position)++];
  if (sign == 'Z' || sign == 'z') return true;
  if (sign != '+' && sign != '-') return false;
  int hours = 0;
  int minutes = 0;
  if (!read_digits(text, position, 2, &hours)) return false;
  read_character(text, position, ':');
  if (*position < text.size() && !read_digits(text, position, 2, &minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  *offset_us = (hours * kHour + minutes * kMinute) * (sign == '-' ? -1 : 1);
  return true;
}

bool read_time_of_day(std::string_view text, std::size_t* position, std::int64_t* time_us) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t fraction = 0;
  if (!read_digits(text, position, 2, &hour) || !read_character(text, position, ':') ||
      !read_digits(text, position, 2, &minute)) {
    return false;
  }
  if (read_character(text, position, ':')) {
    if (!read_digits(text, position, 2, &second) || !read_fraction(text, position, &fraction)) {
      return false;
    }
  }
  // A leap second is counted as the second after it, as POSIX time does.
  if (hour > 23 || minute > 59 || second > 60) return false;
  *time_us = hour * kHour + minute * kMinute + second * kSecond + fraction;
  return true;
}

}  // namespace

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

// The same source, civil_from_days.
CivilTime to_civil(std::int64_t timestamp_us) {
  const std::int64_t days = floor_divide(timestamp_us, kDay);
  // Not timestamp - days * kDay, whose product overflows near the least INT64.
  const std::int64_t rest = timestamp_us % kDay;
  const std::int64_t time_of_day = rest < 0 ? rest + kDay : rest;
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_divide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;
  CivilTime civil{};
  civil.day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  civil.month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.weekday = static_cast<int>(days - floor_divide(days + 3, 7) * 7 + 3) + 1;
  civil.hour = static_cast<int>(time_of_day / kHour);
  civil.minute = static_cast<int>(time_of_day / kMinute % 60);
  civil.second = static_cast<int>(time_of_day / kSecond % 60);
  civil.microsecond = static_cast<int>(time_of_day % kSecond);
  return civil;
}

bool parse_timestamp(std::string_view text, std::int64_t* timestamp_us) {
  std::size_t position = 0;
  int year = 0;
  int month = 0;
  int day = 0;
  if (!read_digits(text, &position, 4, &year) || !read_character(text, &position, '-') ||
      !read_digits(text, &position, 2, &month) || !read_character(text, &position, '-') ||
      !read_digits(text, &position, 2, &day)) {
    return false;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    return false;
  }
  std::int64_t time_of_day = 0;
  std::int64_t offset = 0;
  if (position < text.size()) {
    const char separator = text[position++];
    if (separator != 'T' && separator != 't' && separator != ' ') return false;
    if (!read_time_of_day(text, &position, &time_of_day)) return false;
    if (!read_zone(text, &position, &offset) || position != text.size()) return false;
  }
  *timestamp_us = days_from_civil(year, month, day) * kDay + time_of_day - offset;
  return true;
}

Result<std::int64_t> parse_timestamp(std::string_view text) {
  std::int64_t timestamp_us = 0;
  if (parse_timestamp(text, &timestamp_us)) return timestamp_us;
  return fail(Error(ErrorCode::kDataBadTimestamp, "not a timestamp: \"" + std::string(text) + "\"")
                  .with_help("write RFC 3339, for example 2024-03-01T12:30:00Z"));
}

std::string format_timestamp(std::int64_t timestamp_us) {
  const CivilTime civil = to_civil(timestamp_us);
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%04lld-%02d-%02dT%02d:%02d:%02d",
                                   static_cast<long long>(civil.year), civil.month, civil.day,
                                   civil.hour, civil.minute, civil.second);
  std::string text(buffer, length);
  if (civil.microsecond != 0) {
    const bool millis = civil.microsecond % 1'000 == 0;
    std::snprintf(buffer, sizeof buffer, millis ? ".%03d" : ".%06d",
                  millis ? civil.microsecond / 1'000 : civil.microsecond);
    text += buffer;
  }
  return text + "Z";
}

Result<std::int64_t> parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return fail(
        Error(ErrorCode::kBadValue, "not a duration: \"" + std::string(text) + "\"")
            .with_help("write a number and a unit (us, ms, s, m, h, d, w), for example 7d"));
  };
  std::int64_t total = 0;
  std::size_t position = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return refuse();
  while (position < text.size()) {
    std::int64_t number = 0;
    const std::size_t start = position;
    for (; position < text.size() && is_digit(text[position]); ++position) {
      if (__builtin_mul_overflow(number, 10, &number) ||
          __builtin_add_overflow(number, text[position] - '0', &number)) {
        return refuse();
      }
    }
    const std::size_t unit_start = position;
    while (position < text.size() && !is_digit(text[position])) ++position;
    const std::string_view name = text.substr(unit_start, position - unit_start);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (unit_start == start || next_unit == kUnits.size()) return refuse();
    if (__builtin_mul_overflow(number, kUnits[next_unit++].size_us, &number) ||
        __builtin_add_overflow(total, number, &total)) {
      return refuse();
    }
  }
  return total;
}

std::string format_duration(std::int64_t duration_us) {
  if (duration_us == 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    // People say 30 days, not 4 weeks and 2 days.
    if (unit.size_us == kWeek) continue;
    const std::int64_t count = duration_us / unit.size_us;
    if (count == 0) continue;
    text += std::to_string(count) + std::string(unit.name);
    duration_us -= count * unit.size_us;
  }
  return text;
}

}  // namespace rtml
