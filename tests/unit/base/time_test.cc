#include "core/base/time.h"

#include <doctest/doctest.h>

namespace rtml {

TEST_CASE("parse_timestamp: reads RFC 3339 and its relaxations") {
  CHECK(parse_timestamp("1970-01-01T00:00:00Z").value() == 0);
  CHECK(parse_timestamp("1969-12-31").value() == -kDay);
  CHECK(parse_timestamp("2018-04-01 00:00:31").value() == 1'522'540'831 * kSecond);
  CHECK(parse_timestamp("1996-05-07T00:00:00+10:00").value() == 831'391'200 * kSecond);
  CHECK(parse_timestamp("1970-01-01T00:00:00.1234567Z").value() == 123'456);
  CHECK(parse_timestamp("1969-12-31T23:59:59.9999999Z").value() == -1);
}

TEST_CASE("parse_timestamp: refuses what is no moment") {
  for (const char* text : {"", "2024", "2024-13-01", "2023-02-29", "2024-02-30", "2024-01-01T25:00",
                           "2024-01-01T00:00:00X", "2024-01-01T00:00:00+99:00", "yesterday",
                           "2024-01-01T00:00:00.Z", "0000-01-01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("format_timestamp: writes what parse_timestamp reads") {
  for (const std::int64_t moment : {std::int64_t{0}, std::int64_t{-1}, kMinTimestamp, kMaxTimestamp,
                                    1'522'540'831 * kSecond + 500'000}) {
    CHECK(parse_timestamp(format_timestamp(moment)).value() == moment);
  }
  CHECK(format_timestamp(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_timestamp(500'000) == "1970-01-01T00:00:00.500Z");
}

TEST_CASE("to_civil: knows leap days and ISO weekdays") {
  const CivilTime leap = to_civil(parse_timestamp("2000-02-29T12:34:56Z").value());
  CHECK(leap.month == 2);
  CHECK(leap.day == 29);
  CHECK(leap.weekday == 2);
  CHECK(leap.hour == 12);
  CHECK(to_civil(-1).year == 1969);
  CHECK(to_civil(-1).weekday == 3);
}

TEST_CASE("parse_duration: reads numbers with units, largest first") {
  CHECK(parse_duration("7d").value() == 7 * kDay);
  CHECK(parse_duration("1h30m").value() == 90 * kMinute);
  CHECK(parse_duration("250ms").value() == 250'000);
  CHECK(parse_duration("0s").value() == 0);
  for (const char* text : {"", "7", "d", "7x", "-1d", "30m1h", "1d1d", "99999999999999w", "1.5h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("format_duration: writes what parse_duration reads") {
  for (const char* text : {"7d", "1h30m", "250ms", "0s", "30d", "1d1us"}) {
    CHECK(format_duration(parse_duration(text).value()) == text);
  }
  CHECK(format_duration(kWeek) == "7d");
}

TEST_CASE("floor_divide: rounds towards minus infinity") {
  CHECK(floor_divide(7, 3) == 2);
  CHECK(floor_divide(-7, 3) == -3);
  CHECK(floor_divide(-6, 3) == -2);
}

}  // namespace rtml
