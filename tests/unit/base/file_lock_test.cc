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

TEST_CASE("FileLock: waits until the lock is freed") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "a.lock";
  std::optional<FileLock> held = FileLock::try_acquire(path).value();
  REQUIRE(held);
  int asked = 0;
  const auto waited = FileLock::acquire(path, [&]() -> Status {
    if (++asked == 3) held.reset();
    return {};
  });
  CHECK(waited.has_value());
  CHECK(asked == 3);
}

TEST_CASE("FileLock: stops waiting when it may wait no longer") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "a.lock";
  const auto held = FileLock::try_acquire(path);
  REQUIRE(held->has_value());
  const auto waited =
      FileLock::acquire(path, [] { return Status(fail(ErrorCode::kInterrupted, "interrupted")); });
  REQUIRE_FALSE(waited.has_value());
  CHECK(waited.error().code() == ErrorCode::kInterrupted);
}

}  // namespace rtml
