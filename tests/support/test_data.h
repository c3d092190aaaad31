// What tests take in: files under tests/data, found from any working directory, and bytes.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

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

// The bytes that pairs of hexadecimal digits stand for.
inline std::string bytes_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

}  // namespace rtml::test
