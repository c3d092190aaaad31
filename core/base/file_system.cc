#include "core/base/file_system.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/base/descriptor.h"
#include "core/base/directories.h"

namespace rtml {
namespace {

// "<name>.rtml-tmp-<pid>-<n>": the pid tells the living from the dead.
constexpr std::string_view kTemporaryMark = ".rtml-tmp-";

Error io_error(std::string_view operation, const std::filesystem::path& path, int number) {
  const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, std::string(operation) + ": " + path.string() + " (" + std::strerror(number) + ")"};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Removes temporaries of dead processes: those of the file `name`, or all if it is empty.
void remove_stale(const std::filesystem::path& directory, std::string_view name) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string found = entry.path().filename().string();
    const std::size_t mark = found.rfind(kTemporaryMark);
    if (mark == std::string::npos) continue;
    if (!name.empty() && std::string_view(found).substr(0, mark) != name) continue;
    pid_t pid = 0;
    const char* digits = found.data() + mark + kTemporaryMark.size();
    const auto parsed = std::from_chars(digits, found.data() + found.size(), pid);
    if (parsed.ec != std::errc() || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail(io_error("cannot open file", path, errno));
  std::string content;
  char block[1 << 16];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(io_error("cannot read file", path, errno));
    if (count == 0) return content;
    content.append(block, static_cast<std::size_t>(count));
    if (content.size() > limit_bytes) {
      return fail(ErrorCode::kIo, "file is larger than " + std::to_string(limit_bytes) +
                                      " bytes: " + path.string());
    }
  }
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path, unsigned mode) {
  static std::atomic<unsigned> counter{0};
  RTML_TRY(make_directories(directory_of(path)));
  remove_stale(directory_of(path), path.filename().string());
  std::filesystem::path temporary = path;
  temporary += std::string(kTemporaryMark) + std::to_string(::getpid()) + "-" +
               std::to_string(counter.fetch_add(1));
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                static_cast<mode_t>(mode));
  if (descriptor < 0) return fail(io_error("cannot create file", temporary, errno));
  return AtomicFile(path, std::move(temporary), descriptor);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::string_view bytes) {
  if (!write_all(descriptor_, bytes)) return fail(io_error("cannot write file", path_, errno));
  return {};
}

Status AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) return fail(io_error("cannot make file durable", path_, errno));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(io_error("cannot move file into place", path_, errno));
  }
  ::close(std::exchange(descriptor_, -1));
  return sync_directory(directory_of(path_));
}

Status write_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  RTML_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, mode));
  RTML_TRY(file.write(bytes));
  return file.commit();
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0) return fail(io_error("cannot open directory", directory, errno));
  // Some file systems cannot sync a directory and say so with EINVAL; their rename is durable.
  if (::fsync(opened.get()) != 0 && errno != EINVAL) {
    return fail(io_error("cannot make directory durable", directory, errno));
  }
  return {};
}

void remove_stale_temporaries(const std::filesystem::path& directory) {
  remove_stale(directory, "");
}

}  // namespace rtml
