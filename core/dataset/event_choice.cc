#include "core/dataset/event_choice.h"

#include <algorithm>

namespace rtml::dataset {

std::int64_t range_of(std::span<const TimeRange> ranges, std::int64_t time_us) {
  const auto after = std::upper_bound(
      ranges.begin(), ranges.end(), time_us,
      [](std::int64_t time, const TimeRange& range) { return time < range.from_us; });
  if (after == ranges.begin() || time_us >= (after - 1)->to_us) return -1;
  return after - 1 - ranges.begin();
}

std::vector<std::uint8_t> EventChoice::mask_of(const table::Column& time) {
  if (takes_all()) return {};
  const auto times = time.values<std::int64_t>();
  std::vector<std::uint8_t> mask(times.size(), 1);
  const std::int64_t end = first_row_ + std::ssize(times);
  for (; next_ < repeated_.size() && repeated_[next_] < end; ++next_) {
    mask[repeated_[next_] - first_row_] = 0;
  }
  first_row_ = end;
  if (ranges_.empty()) return mask;
  // Events of one range mostly follow each other.
  std::int64_t range = 0;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (range < 0 || !ranges_[range].contains(times[row])) range = range_of(ranges_, times[row]);
    if (range < 0) {
      mask[row] = 0;
    } else if (mask[row] != 0) {
      ++range_rows_[range];
    }
  }
  return mask;
}

}  // namespace rtml::dataset
