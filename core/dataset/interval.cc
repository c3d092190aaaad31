#include "core/dataset/interval.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/base/hash.h"

namespace rtml::dataset {
namespace {

constexpr std::int64_t kMostIntervals = 20'000;
constexpr std::size_t kHashDigits = 12;

}  // namespace

Status check_interval_length(std::int64_t length_us) {
  const bool is_part = length_us >= kMinute && length_us <= kDay && kDay % length_us == 0;
  const bool is_days = length_us > 0 && length_us % kDay == 0 && length_us <= 3'660 * kDay;
  if (is_part || is_days) return {};
  return fail(
      Error(ErrorCode::kBadOptionValue,
            "--interval neither divides a day nor is whole days: " + format_duration(length_us))
          .with_help("give for example 15m, 1h, 6h, 1d or 7d, a minute at least"));
}

Status check_interval_bound(std::string_view option, std::int64_t time_us, std::int64_t length_us) {
  const std::int64_t before_us = multiple_before(time_us, length_us);
  if (before_us == time_us) return {};
  return fail(Error(ErrorCode::kBadOptionValue,
                    std::string(option) + " lies within an interval: " + format_timestamp(time_us))
                  .with_help("give " + format_timestamp(before_us) + " or " +
                             format_timestamp(before_us + length_us)));
}

Result<std::vector<TimeRange>> intervals_in(const TimeRange& range, std::int64_t length_us) {
  std::vector<TimeRange> intervals;
  if (range.from_us >= range.to_us) return intervals;
  // The manifest names both bounds.
  if (range.from_us < kMinTimestamp || range.to_us > kMaxTimestamp) {
    return fail(Error(ErrorCode::kUsage, "an interval reaches beyond the years 1 to 9999: " +
                                             format_duration(length_us) + ", from " +
                                             to_string(range))
                    .with_help("give a shorter --interval, or --from and --to"));
  }
  const std::int64_t count = (range.to_us - range.from_us) / length_us;
  if (count > kMostIntervals) {
    return fail(Error(ErrorCode::kUsage,
                      std::to_string(count) + " intervals of " + format_duration(length_us) +
                          " are too many for one directory, from " + to_string(range))
                    .with_help("give a longer --interval, or a shorter range with --from and "
                               "--to"));
  }
  for (std::int64_t from = range.from_us; from < range.to_us; from += length_us) {
    intervals.push_back({from, from + length_us});
  }
  return intervals;
}

std::string to_string(const TimeRange& interval) {
  return format_timestamp(interval.from_us) + " to " + format_timestamp(interval.to_us);
}

std::string interval_file_name(const TimeRange& interval, const std::string& definition,
                               const std::string& input_sha256) {
  const CivilTime begin = to_civil(interval.from_us);
  std::array<char, 40> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "%04lld%02d%02dT%02d%02d%02dZ",
                static_cast<long long>(begin.year), begin.month, begin.day, begin.hour,
                begin.minute, begin.second);
  return std::string(stamp.data()) + "-" +
         sha256_hex(definition + input_sha256).substr(0, kHashDigits) + ".parquet";
}

bool is_interval_file_name(std::string_view name) {
  constexpr std::string_view kShape = "00000000T000000Z-";
  constexpr std::string_view kEnding = ".parquet";
  if (name.size() != kShape.size() + kHashDigits + kEnding.size()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(name[i]) : name[i] != kShape[i]) return false;
  }
  const std::string_view hash = name.substr(kShape.size(), kHashDigits);
  return name.ends_with(kEnding) && std::all_of(hash.begin(), hash.end(), [&](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace rtml::dataset
