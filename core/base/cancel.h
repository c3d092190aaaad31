// A flag that asks long work to stop. Set from a signal handler, read from any thread.

#pragma once

#include <atomic>

#include "core/base/result.h"

namespace rtml {

class CancelFlag {
 public:
  void set() { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_set() const { return cancelled_.load(std::memory_order_relaxed); }
  // Fails with kInterrupted once the flag is set.
  Status check() const {
    if (is_set()) return fail(ErrorCode::kInterrupted, "interrupted");
    return {};
  }
  // For C interfaces that poll an int.
  const std::atomic<bool>& raw() const { return cancelled_; }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace rtml
