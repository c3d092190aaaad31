// How old events are when they can be read, as counts in buckets that grow by an eighth.
//
// A value; for one thread.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rtml::stream {

class DelayHistogram {
 public:
  void add(std::int64_t delay_us) {
    ++counts_[bucket_of(delay_us)];
    ++total_;
  }
  std::int64_t total() const { return total_; }

  // The delay that this share of the events did not exceed, up to an eighth too much; 0 without
  // events.
  std::int64_t quantile_us(double share) const {
    const auto wanted = static_cast<std::int64_t>(share * static_cast<double>(total_));
    std::int64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted || (seen == total_ && seen > 0)) return upper_us(bucket);
    }
    return 0;
  }

 private:
  // Eight buckets to a power of two; below 8 us each microsecond has its own.
  static constexpr std::size_t kSteps = 8;
  static constexpr std::size_t kBuckets = 62 * kSteps;

  static std::size_t bucket_of(std::int64_t delay_us) {
    if (delay_us < 0) return 0;
    const auto delay = static_cast<std::uint64_t>(delay_us);
    if (delay < kSteps) return static_cast<std::size_t>(delay);
    const int shift = std::bit_width(delay) - 4;
    return static_cast<std::size_t>(shift + 1) * kSteps + (delay >> shift) - kSteps;
  }
  static std::int64_t upper_us(std::size_t bucket) {
    if (bucket < kSteps) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = bucket / kSteps - 1;
    return static_cast<std::int64_t>(((bucket % kSteps + kSteps + 1) << shift) - 1);
  }

  std::array<std::int64_t, kBuckets> counts_{};
  std::int64_t total_ = 0;
};

}  // namespace rtml::stream
