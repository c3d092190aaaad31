#include "plugins/storage/redis/wait.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

namespace rtml::redis {
namespace {

// How often a call that waits asks whether it is still wanted.
constexpr std::int64_t kSliceUs = 50'000;

std::int64_t monotonic_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

Wait::Wait(const sdk::Call& call, std::int64_t timeout_us)
    : call_(call),
      deadline_us_(monotonic_us() + (call.has_deadline() ? call.remaining_us() : timeout_us)) {}

Wait Wait::at_most(std::int64_t limit_us) const {
  Wait shorter = *this;
  shorter.deadline_us_ = std::min(deadline_us_, monotonic_us() + limit_us);
  return shorter;
}

std::int64_t Wait::remaining_us() const {
  return deadline_us_ - monotonic_us();
}

sdk::Status Wait::check() const {
  if (call_.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
  if (remaining_us() > 0) return {};
  return sdk::fail(RTML_STATUS_TIMEOUT, "redis did not answer in time");
}

sdk::Status Wait::until_ready(int descriptor, short events) const {
  while (true) {
    RTML_SDK_TRY(check());
    const std::int64_t slice_us = std::clamp<std::int64_t>(remaining_us(), 0, kSliceUs);
    pollfd waiting = {descriptor, events, 0};
    const timespec timeout = {0, static_cast<long>(slice_us * 1'000)};
    const int ready = ::ppoll(&waiting, 1, &timeout, nullptr);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) {
      return sdk::fail(RTML_STATUS_IO,
                       std::string("cannot wait for redis (") + std::strerror(errno) + ")");
    }
  }
}

sdk::Status Wait::pause(std::int64_t duration_us) const {
  std::int64_t left_us = std::min(duration_us, remaining_us());
  while (left_us > 0) {
    RTML_SDK_TRY(check());
    const std::int64_t slice_us = std::min(left_us, kSliceUs);
    std::this_thread::sleep_for(std::chrono::microseconds(slice_us));
    left_us -= slice_us;
  }
  return check();
}

}  // namespace rtml::redis
