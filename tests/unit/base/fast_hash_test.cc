#include "core/base/fast_hash.h"

#include <doctest/doctest.h>

namespace rtml {

// The vectors that implementations of XXH64 in several languages are tested with
// (github.com/cespare/xxhash, xxhash_test.go).
TEST_CASE("xxhash64: the published vectors") {
  CHECK(xxhash64("") == 0xef46db3751d8e999U);
  CHECK(xxhash64("a") == 0xd24ec4f1a98c6e5bU);
  CHECK(xxhash64("as") == 0x1c330fb2d66be179U);
  CHECK(xxhash64("asd") == 0x631c37ce72a97393U);
  CHECK(xxhash64("asdf") == 0x415872f599cea71eU);
  CHECK(xxhash64("Call me Ishmael. Some years ago--never mind how long precisely-") ==
        0x02a2e85470d6fd96U);
}

TEST_CASE("xxhash64: a seed gives another hash") {
  CHECK(xxhash64("a", 1) != xxhash64("a"));
}

}  // namespace rtml
