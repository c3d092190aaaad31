// The clock of tests that run the whole program: it starts at a given moment and advances by one
// millisecond each time it is read, so that output does not depend on the machine's time.
//
// May be read from any thread.

#pragma once

#include <atomic>

#include "core/base/clock.h"
#include "core/base/time.h"

namespace rtml::cli {

class TickingClock : public Clock {
 public:
  explicit TickingClock(std::int64_t start_us) : now_us_(start_us), monotonic_us_(0) {}
  std::int64_t now_us() const override { return now_us_.fetch_add(kMillisecond); }
  std::int64_t monotonic_us() const override { return monotonic_us_.fetch_add(kMillisecond); }
  void sleep_us(std::int64_t duration_us) const override { monotonic_us_.fetch_add(duration_us); }

 private:
  mutable std::atomic<std::int64_t> now_us_;
  mutable std::atomic<std::int64_t> monotonic_us_;
};

}  // namespace rtml::cli
