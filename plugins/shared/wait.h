// How long a call to a server may still take.

#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "rtml/sdk/call.h"

namespace rtml::plugins {

// The deadline of the call, or `timeout_us` from now where it has none. Valid as long as the call.
class Wait {
 public:
  Wait(const sdk::Call& call, std::int64_t timeout_us)
      : call_(call),
        deadline_us_(monotonic_us() + (call.has_deadline() ? call.remaining_us() : timeout_us)) {}

  // The same, ending `limit_us` from now at the latest.
  Wait at_most(std::int64_t limit_us) const {
    Wait shorter = *this;
    shorter.deadline_us_ = std::min(deadline_us_, monotonic_us() + limit_us);
    return shorter;
  }

  // The same, ending `limit_us` from now at the earliest.
  Wait at_least(std::int64_t limit_us) const {
    Wait longer = *this;
    longer.deadline_us_ = std::max(deadline_us_, monotonic_us() + limit_us);
    return longer;
  }

  std::int64_t remaining_us() const { return deadline_us_ - monotonic_us(); }

  // Fails if the call was cancelled or the time is over.
  sdk::Status check() const {
    if (call_.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
    if (remaining_us() > 0) return {};
    sdk::Error error = sdk::fail(RTML_STATUS_TIMEOUT, "no answer in time");
    error.retryable = true;
    return error;
  }

  // Waits until the descriptor is ready for one of `events` (POLLIN, POLLOUT).
  sdk::Status until_ready(int descriptor, short events) const {
    while (true) {
      RTML_SDK_TRY(check());
      const std::int64_t slice_us = std::clamp<std::int64_t>(remaining_us(), 0, kSliceUs);
      pollfd waiting = {descriptor, events, 0};
      const timespec timeout = {0, static_cast<long>(slice_us * 1'000)};
      const int ready = ::ppoll(&waiting, 1, &timeout, nullptr);
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) {
        return sdk::fail(RTML_STATUS_IO,
                         std::string("cannot wait for a server (") + std::strerror(errno) + ")");
      }
    }
  }

  // Sleeps, less where the time is over before.
  sdk::Status pause(std::int64_t duration_us) const {
    std::int64_t left_us = std::min(duration_us, remaining_us());
    while (left_us > 0) {
      RTML_SDK_TRY(check());
      const std::int64_t slice_us = std::min(left_us, kSliceUs);
      std::this_thread::sleep_for(std::chrono::microseconds(slice_us));
      left_us -= slice_us;
    }
    return check();
  }

 private:
  // How often a call that waits asks whether it is still wanted.
  static constexpr std::int64_t kSliceUs = 50'000;

  static std::int64_t monotonic_us() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  }

  sdk::Call call_;
  std::int64_t deadline_us_;
};

}  // namespace rtml::plugins
