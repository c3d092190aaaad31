#include "core/base/clock.h"

#include <time.h>

#include <chrono>

namespace rtml {
namespace {

class SystemClock : public Clock {
 public:
  std::int64_t now_us() const override {
    return microseconds(std::chrono::system_clock::now().time_since_epoch());
  }
  std::int64_t monotonic_us() const override {
    return microseconds(std::chrono::steady_clock::now().time_since_epoch());
  }
  void sleep_us(std::int64_t duration_us) const override {
    // Not std::this_thread::sleep_for(), which goes on after a signal.
    const timespec duration{duration_us / 1'000'000, duration_us % 1'000'000 * 1'000};
    (void)::nanosleep(&duration, nullptr);
  }

 private:
  template <typename Duration>
  static std::int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace rtml
