#include "core/base/file_lock.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace rtml {

TEST_CASE("FileLock: is held by one at a time and freed at the end of its scope") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "locks" / "a.lock";
  {
    const auto first = FileLock::try_acquire(path);
    REQUIRE(first.has_value());
    REQUIRE(first->has_value());
    const auto second = FileLock::try_acquire(path);
    REQUIRE(second.has_value());
    CHECK_FALSE(second->has_value());
  }
  const auto third = FileLock::try_acquire(path);
  REQUIRE(third.has_value());
  CHECK(third->has_value());
}

}  // namespace rtml
