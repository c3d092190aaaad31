// The lock that lets one writer at a time into a store that is a directory.

#pragma once

#include <filesystem>
#include <string>

#include "core/base/file_lock.h"
#include "plugins/shared/core_errors.h"
#include "rtml/sdk/call.h"

namespace rtml::plugins {

// Waits for the lock until the call ends; `busy` is the message with which it fails then, retryably
// with RTML_STATUS_BUSY.
inline sdk::Result<FileLock> lock_writers(const std::filesystem::path& file,
                                          const std::string& busy, const sdk::Call& call) {
  return to_sdk(FileLock::acquire(file, [&]() -> Status {
    if (call.is_cancelled()) return fail(ErrorCode::kInterrupted, "interrupted");
    if (call.has_deadline() && call.remaining_us() <= 0) return fail(ErrorCode::kBusy, busy);
    return {};
  }));
}

}  // namespace rtml::plugins
