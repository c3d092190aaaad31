#include "core/base/wide_integers.h"

#include <doctest/doctest.h>

namespace rtml {

TEST_CASE("wide integers: those beyond 64 bits become decimals") {
  CHECK(with_wide_integers_as_decimals("{\"a\":100000000000000000000,\"b\":1}") ==
        "{\"a\":100000000000000000000.0,\"b\":1}");
  CHECK(with_wide_integers_as_decimals("[-9223372036854775809, 18446744073709551616]") ==
        "[-9223372036854775809.0, 18446744073709551616.0]");
}

TEST_CASE("wide integers: what fits, decimals, exponents and texts stay") {
  for (const char* text :
       {"[-9223372036854775808, 18446744073709551615]", "100000000000000000000.5", "1e300", "",
        "\"100000000000000000000\"", R"("\"100000000000000000000")", "\"open 100000000000000000000",
        "\"\\", "-", "[100000000000000000000e2]"}) {
    CAPTURE(text);
    CHECK(!with_wide_integers_as_decimals(text));
  }
}

}  // namespace rtml
