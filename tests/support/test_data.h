// Files under tests/data, found from any working directory.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/file_system.h"
#include "core/base/json.h"

namespace rtml::test {

// The root of the source tree; ctest sets it.
inline std::filesystem::path source_directory() {
  const char* directory = std::getenv("RTML_SOURCE_DIR");
  return directory == nullptr ? std::filesystem::current_path() : std::filesystem::path(directory);
}

// REQUIRES: the file is there and is JSON; a test without its data must fail loudly.
inline Json test_json(const std::string& path) {
  return parse_json(read_file(source_directory() / "tests/data" / path).value(), path).value();
}

}  // namespace rtml::test
