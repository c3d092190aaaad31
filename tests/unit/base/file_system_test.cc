#include "core/base/file_system.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace rtml {

TEST_CASE("write_file: replaces the content whole and leaves no temporary") {
  test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "deep/file", "one"));
  REQUIRE(write_file(directory / "deep/file", "two"));
  CHECK(read_file(directory / "deep/file").value() == "two");
  int entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(directory / "deep")) {
    ++entries;
  }
  CHECK(entries == 1);
}

TEST_CASE("AtomicFile: without commit the old content stays") {
  test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "file", "old"));
  {
    AtomicFile file = AtomicFile::create(directory / "file").value();
    REQUIRE(file.write("new"));
  }
  CHECK(read_file(directory / "file").value() == "old");
}

TEST_CASE("remove_stale_temporaries: removes those of dead processes only") {
  test::TemporaryDirectory directory;
  // No process has this number: the kernel's limit is 2^22.
  REQUIRE(write_file(directory / "a.rtml-tmp-4194999-0", "x"));
  AtomicFile alive = AtomicFile::create(directory / "b").value();
  remove_stale_temporaries(directory.path());
  CHECK_FALSE(std::filesystem::exists(directory / "a.rtml-tmp-4194999-0"));
  CHECK(std::filesystem::exists(alive.temporary_path()));
}

TEST_CASE("AtomicFile: removes what a killed process left of the same file") {
  test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "a.rtml-tmp-4194999-0", "x"));
  REQUIRE(write_file(directory / "b.rtml-tmp-4194999-0", "x"));
  REQUIRE(write_file(directory / "a", "new"));
  CHECK_FALSE(std::filesystem::exists(directory / "a.rtml-tmp-4194999-0"));
  CHECK(std::filesystem::exists(directory / "b.rtml-tmp-4194999-0"));
}

TEST_CASE("read_file: names a file that is missing or too large") {
  test::TemporaryDirectory directory;
  CHECK(read_file(directory / "none").error().code() == ErrorCode::kNotFound);
  REQUIRE(write_file(directory / "large", std::string(100, 'x')));
  CHECK(read_file(directory / "large", 99).error().code() == ErrorCode::kIo);
}

}  // namespace rtml
