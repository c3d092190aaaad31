// Ranges of time, half-open as everywhere in rtml, and the multiples of a period in them.

#pragma once

#include <cstdint>
#include <limits>

#include "core/base/time.h"

namespace rtml::dataset {

// from <= time < to, microseconds.
struct TimeRange {
  static constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

  std::int64_t from_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_us = kUnbounded;

  bool contains(std::int64_t time_us) const { return from_us <= time_us && time_us < to_us; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// The latest multiple of a period at or before a moment, and the first one at or after it. Periods
// are counted from the epoch, so that hours begin at :00 and days at midnight UTC. REQUIRES: the
// moment is one that a timestamp can write.
inline std::int64_t multiple_before(std::int64_t time_us, std::int64_t period_us) {
  return floor_divide(time_us, period_us) * period_us;
}
inline std::int64_t multiple_after(std::int64_t time_us, std::int64_t period_us) {
  return -multiple_before(-time_us, period_us);
}

}  // namespace rtml::dataset
