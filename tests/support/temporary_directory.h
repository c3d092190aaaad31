// A directory of a test's own. It is removed at the end unless a check of the test case failed;
// then it stays and its path is printed.

#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace rtml::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rtml-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    if (doctest::getContextOptions()->currentTest != nullptr && failed()) {
      MESSAGE("the test's directory is kept: ", path_.string());
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  // Keeps the directory whatever happens.
  void keep() { keep_ = true; }

 private:
  bool failed() const { return keep_ || std::uncaught_exceptions() > 0; }

  std::filesystem::path path_;
  bool keep_ = false;
};

}  // namespace rtml::test
