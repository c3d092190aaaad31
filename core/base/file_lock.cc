#include "core/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace rtml {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);
constexpr auto kPatience = std::chrono::seconds(10);

}  // namespace

Result<std::optional<FileLock>> FileLock::try_acquire(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kIo,
                "cannot create directory " + path.parent_path().string() + ": " + error.message());
  }
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fail(ErrorCode::kIo,
                "cannot open lock file " + path.string() + ": " + std::strerror(errno));
  }
  FileLock lock(descriptor);
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) {
      return fail(ErrorCode::kIo, "cannot lock " + path.string() + ": " + std::strerror(errno));
    }
  }
  return lock;
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path,
                                   const std::function<Status()>& may_wait) {
  while (true) {
    RTML_TRY_ASSIGN(std::optional<FileLock> lock, try_acquire(path));
    if (lock) return std::move(*lock);
    RTML_TRY(may_wait());
    std::this_thread::sleep_for(kPause);
  }
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  return acquire(path, [&]() -> Status {
    if (std::chrono::steady_clock::now() < give_up) return {};
    return fail(Error(ErrorCode::kBusy, "another process holds the lock: " + path.string())
                    .with_help("try again when it is done"));
  });
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace rtml
