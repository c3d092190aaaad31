#include "core/base/installation.h"

#include <system_error>

namespace rtml {

std::filesystem::path executable_path() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

std::filesystem::path installation_prefix() {
  return executable_path().parent_path().parent_path();
}

}  // namespace rtml
