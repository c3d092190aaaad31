#include "core/stream/retry.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/time.h"

namespace rtml::stream {
namespace {

Status passing() {
  return fail(ErrorCode::kPluginRetry, "the store is away");
}

}  // namespace

TEST_CASE("retry: waits longer and longer until the work succeeds") {
  FakeClock clock(0);
  Retry retry(clock, std::nullopt);
  const CancelFlag stop;
  int calls = 0;
  CHECK(retry.run([&] { return ++calls < 5 ? passing() : Status(); }, stop));
  CHECK(calls == 5);
  CHECK(retry.retries() == 4);
  CHECK_FALSE(retry.is_failing());
  // 50, 100, 200, 400 ms, each at least half of it.
  CHECK(clock.now_us() >= 375 * kMillisecond);
  CHECK(clock.now_us() <= 750 * kMillisecond);
}

TEST_CASE("retry: lets its owner look after other things while it waits") {
  FakeClock clock(0);
  Retry retry(clock, std::nullopt);
  std::int64_t looked_us = 0;
  std::int64_t longest_us = 0;
  retry.while_waiting([&] {
    longest_us = std::max(longest_us, clock.now_us() - looked_us);
    looked_us = clock.now_us();
    CHECK(retry.is_failing());
  });
  int calls = 0;
  CHECK(retry.run([&] { return ++calls < 12 ? passing() : Status(); }, CancelFlag()));
  CHECK(looked_us > 10 * kSecond);
  CHECK(longest_us <= 100 * kMillisecond);
}

TEST_CASE("retry: what does not pass is not tried again") {
  FakeClock clock(0);
  Retry retry(clock, std::nullopt);
  int calls = 0;
  const Status done = retry.run(
      [&]() -> Status {
        ++calls;
        return fail(ErrorCode::kIo, "no space left on device");
      },
      CancelFlag());
  REQUIRE_FALSE(done);
  CHECK(calls == 1);
}

TEST_CASE("retry: gives up after the time it is given, and when it shall stop") {
  FakeClock clock(0);
  Retry limited(clock, kMinute);
  const Status over = limited.run(passing, CancelFlag());
  REQUIRE_FALSE(over);
  CHECK(over.error().exit_class() == ExitClass::kRetry);
  CHECK(clock.now_us() <= kMinute);
  CHECK(clock.now_us() >= 40 * kSecond);
  CHECK(limited.is_failing());

  CancelFlag stop;
  stop.set();
  Retry stopped(clock, std::nullopt);
  CHECK_FALSE(stopped.run(passing, stop));
  CHECK(stopped.retries() == 0);
}

TEST_CASE("retry: the time that the work itself waits counts") {
  FakeClock clock(0);
  Retry limited(clock, kMinute);
  int calls = 0;
  const auto slow = [&] {
    ++calls;
    clock.sleep_us(40 * kSecond);
    return passing();
  };
  CHECK_FALSE(limited.run(slow, CancelFlag()));
  CHECK(calls == 2);
}

}  // namespace rtml::stream
