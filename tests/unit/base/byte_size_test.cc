#include "core/base/byte_size.h"

#include <doctest/doctest.h>

namespace rtml {

TEST_CASE("parse_byte_size: reads numbers with decimal and binary units") {
  CHECK(parse_byte_size("1048576") == 1'048'576);
  CHECK(parse_byte_size("512MiB") == 512LL << 20);
  CHECK(parse_byte_size("2 GB") == 2'000'000'000);
  CHECK(parse_byte_size("3kb") == 3'000);
  CHECK(parse_byte_size("0") == 0);
}

TEST_CASE("parse_byte_size: refuses everything else") {
  for (const char* text : {"", "MiB", "-1", "1.5GiB", "12 parsecs", "1  MB", "9999999999TiB"}) {
    CAPTURE(text);
    CHECK(!parse_byte_size(text));
  }
}

TEST_CASE("format_byte_size: keeps three digits") {
  CHECK(format_byte_size(0) == "0 B");
  CHECK(format_byte_size(950) == "950 B");
  CHECK(format_byte_size(1'234) == "1.23 kB");
  CHECK(format_byte_size(999'999) == "1.00 MB");
  CHECK(format_byte_size(56'780'000) == "56.8 MB");
}

}  // namespace rtml
