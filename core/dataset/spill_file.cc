#include "core/dataset/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

namespace rtml::dataset {
namespace {

Error spill_error(const std::string& what, const std::filesystem::path& directory, int reason) {
  return Error(ErrorCode::kIo, "cannot " + what + " a temporary file in " + directory.string() +
                                   " (" + std::strerror(reason) + ")")
      .with_help(reason == ENOSPC ? "free space there, or raise --memory-limit so that less is "
                                    "put on the disk"
                                  : "see that the directory can be written to, or raise "
                                    "--memory-limit so that no such file is needed");
}

}  // namespace

SpillFile::~SpillFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status SpillFile::open() {
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  descriptor_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ >= 0) return {};
  // Some file systems know no files without a name: make one and take the name away.
  std::string name = (directory_ / "spill-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) return fail(spill_error("make", directory_, errno));
  ::unlink(name.c_str());
  return {};
}

Result<std::int64_t> SpillFile::append(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (descriptor_ < 0) RTML_TRY(open());
  const std::int64_t offset = size_;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(spill_error("write", directory_, written < 0 ? errno : ENOSPC));
    size_ += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return offset;
}

Status SpillFile::read(std::int64_t offset, std::span<char> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(descriptor_, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(spill_error("read", directory_, count < 0 ? errno : EIO));
    offset += count;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace rtml::dataset
