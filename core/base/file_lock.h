// A lock between processes that the kernel frees when its holder ends, however it ends.

#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/base/result.h"

namespace rtml {

class FileLock {
 public:
  // Takes the lock of `path`, making the file and its directory. Returns nothing if another
  // FileLock holds it. Fails with kIo. The file stays when the lock is freed: removing it would let
  // two processes hold locks of the same name.
  static Result<std::optional<FileLock>> try_acquire(const std::filesystem::path& path);
  // The same, but waits while another FileLock holds it. `may_wait` is asked before each wait of a
  // few milliseconds; what it fails with ends the waiting.
  static Result<FileLock> acquire(const std::filesystem::path& path,
                                  const std::function<Status()>& may_wait);
  // For changes that take milliseconds: fails with kBusy if the lock is not free within ten
  // seconds.
  static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace rtml
