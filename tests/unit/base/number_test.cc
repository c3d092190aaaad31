#include "core/base/number.h"

#include <doctest/doctest.h>

namespace rtml {

TEST_CASE("numbers: are short for people and exact where asked") {
  CHECK(format_number(0.1) == "0.1");
  CHECK(format_number(1.0 / 3) == "0.3333333333333333");
  CHECK(format_brief(1.0 / 3) == "0.3333");
  CHECK(format_brief(12345678.4) == "12345678");
  CHECK(format_brief(-25000) == "-25000");
  CHECK(format_brief(9999.4) == "9999");
  CHECK(format_brief(1e300) == "1e+300");
  CHECK(format_brief(0) == "0");
  CHECK(format_percent(0.125) == "12.5 %");
}

TEST_CASE("counted: one thing has no s") {
  CHECK(counted(1, "row") == "1 row");
  CHECK(counted(0, "row") == "0 rows");
}

}  // namespace rtml
