// How long a call may take and whether it is still wanted.

#pragma once

#include <chrono>
#include <cstdint>

#include "rtml/sdk/result.h"

namespace rtml::sdk {

// A view of the host's call context; cheap to copy, valid as long as rtml_plugin.h says.
class Call {
 public:
  explicit Call(const rtml_call* call) : call_(call) {}

  bool is_cancelled() const { return call_->is_cancelled(call_) != 0; }
  bool has_deadline() const { return call_->deadline_us != 0; }
  // Microseconds until the deadline, negative when it has passed. REQUIRES: has_deadline().
  std::int64_t remaining_us() const { return call_->deadline_us - monotonic_us(); }

  // Fails if the call was cancelled or its deadline passed. Long work asks every 100 ms or oftener.
  Status check() const {
    if (is_cancelled()) return fail(RTML_STATUS_CANCELLED, "interrupted");
    if (has_deadline() && remaining_us() <= 0) {
      return fail(RTML_STATUS_TIMEOUT, "the deadline passed");
    }
    return {};
  }

 private:
  static std::int64_t monotonic_us() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  }

  const rtml_call* call_;
};

}  // namespace rtml::sdk
