#include "core/stream/retry.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/time.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kFirstWaitUs = 50 * kMillisecond;
constexpr std::int64_t kLongestWaitUs = 10 * kSecond;
// How soon a wait notices that it shall stop.
constexpr std::int64_t kSliceUs = 20 * kMillisecond;

}  // namespace

std::int64_t Retry::next_wait_us() {
  const int doublings = std::min(waits_.load(std::memory_order_relaxed), 8);
  const std::int64_t longest = std::min(kFirstWaitUs << doublings, kLongestWaitUs);
  return longest / 2 +
         static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(longest / 2)));
}

Status Retry::wait_after(const Error& error, const CancelFlag& stop) {
  if (error.exit_class() != ExitClass::kRetry || stop.is_set()) return fail(error);
  const std::int64_t now_us = clock_.monotonic_us();
  if (waits_ == 0) {
    first_failure_us_ = std::exchange(begun_us_, std::nullopt).value_or(now_us);
    log::warning(error.message() + "; trying again");
  }
  const std::int64_t wait_us = next_wait_us();
  if (max_time_us_ && now_us + wait_us - first_failure_us_ > *max_time_us_) return fail(error);
  ++waits_;
  ++retries_;
  const std::int64_t end_us = now_us + wait_us;
  while (!stop.is_set()) {
    const std::int64_t left_us = end_us - clock_.monotonic_us();
    if (left_us <= 0) return {};
    if (while_waiting_) while_waiting_();
    clock_.sleep_us(std::min(left_us, kSliceUs));
  }
  return fail(error);
}

Status Retry::run(const std::function<Status()>& work, const CancelFlag& stop) {
  while (true) {
    // What is waited for counts from when it was first asked for.
    if (waits_ == 0) begun_us_ = clock_.monotonic_us();
    const Status done = work();
    if (done) {
      begun_us_.reset();
      succeeded();
      return {};
    }
    RTML_TRY(wait_after(done.error(), stop));
  }
}

}  // namespace rtml::stream
