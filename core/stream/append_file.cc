#include "core/stream/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/descriptor.h"
#include "core/base/directories.h"
#include "core/base/file_system.h"

namespace rtml::stream {
namespace {

// Lines are written together up to about so many bytes; one may be of megabytes.
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

Error failed(const std::filesystem::path& path, std::string_view what) {
  return Error(ErrorCode::kIo,
               "cannot " + std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

bool ends_in_a_line(int descriptor, off_t size) {
  char last = '\n';
  if (size > 0 && ::pread(descriptor, &last, 1, size - 1) != 1) return false;
  return last == '\n';
}

}  // namespace

Status append_lines(const std::filesystem::path& path, std::span<const std::string> lines) {
  if (lines.empty()) return {};
  RTML_TRY(make_directories(path.parent_path()));
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) return fail(failed(path, "open"));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return fail(failed(path, "look at"));
  std::string text = ends_in_a_line(file.get(), status.st_size) ? "" : "\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text.append(lines[i]).append("\n");
    if (text.size() < kWriteBytes && i + 1 < lines.size()) continue;
    if (!write_all(file.get(), text)) return fail(failed(path, "write"));
    text.clear();
  }
  if (::fdatasync(file.get()) != 0) return fail(failed(path, "write"));
  // A file without bytes may be a new one, whose name is not durable yet.
  if (status.st_size > 0) return {};
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace rtml::stream
