// Trying again what failed for a passing reason: a store or broker that is down.
//
// Waits grow from 50 ms to 10 s, each by a random share shorter so that many processes do not come
// back at one moment. Used by one thread at a time; the counts may be read by others.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/base/result.h"

namespace rtml::stream {

class Retry {
 public:
  // Gives up after `max_time_us` without success; nothing: never.
  // `clock` is the one that waits are counted by.
  Retry(const Clock& clock, std::optional<std::int64_t> max_time_us)
      : clock_(clock),
        random_(static_cast<std::uint64_t>(clock.monotonic_us())),
        max_time_us_(max_time_us) {}

  // Calls `work` until it succeeds, fails with an error that is not to be tried again, or the time
  // is over; between calls waits, but not when `stop` is set: then the last error is returned.
  Status run(const std::function<Status()>& work, const CancelFlag& stop);

  // For callers with a loop of their own: waits before the next try after `error`. Fails with
  // `error` where there shall be none.
  Status wait_after(const Error& error, const CancelFlag& stop);
  void succeeded() { waits_ = 0; }

  // Called every few milliseconds of a wait, by the thread that waits.
  void while_waiting(std::function<void()> work) { while_waiting_ = std::move(work); }

  // How often something was tried again since the start.
  std::int64_t retries() const { return retries_.load(std::memory_order_relaxed); }
  // True while the last try has failed.
  bool is_failing() const { return waits_.load(std::memory_order_relaxed) > 0; }

 private:
  std::int64_t next_wait_us();

  const Clock& clock_;
  Random random_;
  std::optional<std::int64_t> max_time_us_;
  std::atomic<int> waits_{0};             // In a row.
  std::optional<std::int64_t> begun_us_;  // When run() first called its work.
  std::int64_t first_failure_us_ = 0;
  std::atomic<std::int64_t> retries_{0};
  std::function<void()> while_waiting_;
};

}  // namespace rtml::stream
