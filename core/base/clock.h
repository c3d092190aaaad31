// The one way to learn the time. Tests use FakeClock.

#pragma once

#include <cstdint>

namespace rtml {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t now_us() const = 0;
  // Microseconds of a clock that never goes back, for durations and deadlines.
  virtual std::int64_t monotonic_us() const = 0;
  // Waits; monotonic_us() is later by about as much. A signal may end the wait early.
  virtual void sleep_us(std::int64_t duration_us) const = 0;
};

// The clock of this machine. Lives as long as the process.
const Clock& system_clock();

// Stands still until told otherwise; sleeping moves it on at once.
class FakeClock : public Clock {
 public:
  explicit FakeClock(std::int64_t now_us) : now_us_(now_us) {}
  std::int64_t now_us() const override { return now_us_; }
  std::int64_t monotonic_us() const override { return now_us_; }
  void sleep_us(std::int64_t duration_us) const override { now_us_ += duration_us; }
  void advance_us(std::int64_t duration_us) { now_us_ += duration_us; }

 private:
  mutable std::int64_t now_us_;
};

}  // namespace rtml
