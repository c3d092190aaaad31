#include "core/base/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rtml {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kRecordLimitBytes = std::size_t{64} << 20;

}  // namespace

Result<ByteSource> ByteSource::open(const std::string& file, std::size_t padding) {
  const int descriptor = file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return fail(code, "cannot open file: " + file + " (" + std::strerror(errno) + ")");
  }
  return ByteSource(file, descriptor, padding);
}

ByteSource::ByteSource(ByteSource&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      padding_(other.padding_),
      buffer_(std::move(other.buffer_)),
      start_(other.start_),
      end_(other.end_) {}

ByteSource::~ByteSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<bool> ByteSource::more() {
  if (start_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
    end_ -= start_;
    start_ = 0;
  }
  if (end_ > kRecordLimitBytes) {
    return fail(ErrorCode::kDataCorrupt, "a record longer than " +
                                             std::to_string(kRecordLimitBytes >> 20) +
                                             " MiB in file: " + file_);
  }
  // Doubling keeps looking again at a long record linear.
  const std::size_t wanted = std::max(kBlockBytes, end_);
  if (buffer_.size() < end_ + wanted + padding_) buffer_.resize(end_ + wanted + padding_);
  while (true) {
    const ssize_t count = ::read(descriptor_, buffer_.data() + end_, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return fail(ErrorCode::kIo, "cannot read file: " + file_ + " (" + std::strerror(errno) + ")");
    }
    end_ += static_cast<std::size_t>(count);
    return count > 0;
  }
}

bool ByteSource::is_ready(int timeout_ms) const {
  pollfd waited = {descriptor_, POLLIN, 0};
  return ::poll(&waited, 1, timeout_ms) != 0;  // An error, too, is for more() to report.
}

Result<struct stat> ByteSource::status() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) == 0) return status;
  return fail(ErrorCode::kIo, "cannot look at file: " + file_ + " (" + std::strerror(errno) + ")");
}

Status ByteSource::seek(std::int64_t position) {
  start_ = end_ = 0;
  if (::lseek(descriptor_, position, SEEK_SET) < 0) {
    return fail(ErrorCode::kIo,
                "cannot seek in file: " + file_ + " (" + std::strerror(errno) + ")");
  }
  return {};
}

}  // namespace rtml
