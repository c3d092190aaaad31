#include "core/message/moment.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/base/time.h"

using rtml::message::moment_of_integer;
using rtml::message::moment_of_text;
using rtml::project::TimeUnit;

TEST_CASE("moment: integers count the declared unit, nanoseconds floor") {
  CHECK(moment_of_integer(2, TimeUnit::kSecond) == 2'000'000);
  CHECK(moment_of_integer(2, TimeUnit::kMillisecond) == 2'000);
  CHECK(moment_of_integer(2, TimeUnit::kMicrosecond) == 2);
  CHECK(moment_of_integer(1'999, TimeUnit::kNanosecond) == 1);
  CHECK(moment_of_integer(-1, TimeUnit::kNanosecond) == -1);
}

TEST_CASE("moment: what no four-digit year can write is no moment") {
  CHECK(moment_of_integer(rtml::kMaxTimestamp, TimeUnit::kMicrosecond) == rtml::kMaxTimestamp);
  CHECK_FALSE(moment_of_integer(rtml::kMaxTimestamp + 1, TimeUnit::kMicrosecond));
  CHECK_FALSE(moment_of_integer(std::numeric_limits<std::int64_t>::max(), TimeUnit::kSecond));
  CHECK_FALSE(moment_of_integer(std::numeric_limits<std::int64_t>::min(), TimeUnit::kMillisecond));
}

TEST_CASE("moment: texts are RFC 3339, or integers where there is a unit") {
  CHECK(moment_of_text("1970-01-01T00:00:01Z", std::nullopt) == 1'000'000);
  CHECK(moment_of_text(" 1970-01-01T01:00:00+01:00\t", TimeUnit::kSecond) == 0);
  CHECK(moment_of_text("7", TimeUnit::kSecond) == 7'000'000);
  CHECK_FALSE(moment_of_text("7", std::nullopt));
  CHECK_FALSE(moment_of_text("soon", TimeUnit::kSecond));
  CHECK_FALSE(moment_of_text("", TimeUnit::kSecond));
}
