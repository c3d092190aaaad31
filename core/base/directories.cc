#include "core/base/directories.h"

#include "core/base/file_system.h"

namespace rtml {

Status make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.empty() || std::filesystem::is_directory(directory, error)) return {};
  const std::filesystem::path parent = directory.parent_path();
  if (parent != directory) RTML_TRY(make_directories(parent));
  if (!std::filesystem::create_directory(directory, error) && error) {
    return fail(ErrorCode::kIo,
                "cannot create directory: " + directory.string() + " (" + error.message() + ")");
  }
  return sync_directory(parent.empty() ? "." : parent);
}

}  // namespace rtml
