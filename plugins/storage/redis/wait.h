// How long a call to a server may still take.

#pragma once

#include <cstdint>

#include "rtml/sdk/call.h"

namespace rtml::redis {

// The deadline of the call, or `timeout_us` from now where it has none. Valid as long as the call.
class Wait {
 public:
  Wait(const sdk::Call& call, std::int64_t timeout_us);

  // The same, ending `limit_us` from now at the latest.
  Wait at_most(std::int64_t limit_us) const;

  std::int64_t remaining_us() const;
  // Fails if the call was cancelled or the time is over.
  sdk::Status check() const;
  // Waits until the descriptor is ready for one of `events` (POLLIN, POLLOUT); at most until then.
  sdk::Status until_ready(int descriptor, short events) const;
  // Sleeps, less where the time is over before.
  sdk::Status pause(std::int64_t duration_us) const;

 private:
  sdk::Call call_;
  std::int64_t deadline_us_;
};

}  // namespace rtml::redis
