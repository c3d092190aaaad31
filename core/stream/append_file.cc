#include "core/stream/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rtml::stream {
namespace {

Error failed(const std::filesystem::path& path, std::string_view what) {
  return Error(ErrorCode::kIo,
               "cannot " + std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

bool ends_in_a_line(int descriptor) {
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  char last = '\n';
  if (size > 0 && ::pread(descriptor, &last, 1, size - 1) != 1) return false;
  return last == '\n';
}

}  // namespace

Status append_lines(const std::filesystem::path& path, std::span<const std::string> lines) {
  if (lines.empty()) return {};
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) return fail(failed(path, "open"));
  std::string text = ends_in_a_line(file.get()) ? "" : "\n";
  for (const std::string& line : lines) text += line + "\n";
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = ::write(file.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(failed(path, "write"));
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(file.get()) != 0) return fail(failed(path, "write"));
  return {};
}

}  // namespace rtml::stream
