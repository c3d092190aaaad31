#include "core/base/installation.h"

#include <system_error>

namespace rtml {

std::filesystem::path installation_prefix() {
  std::error_code ignored;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return executable.parent_path().parent_path();
}

}  // namespace rtml
