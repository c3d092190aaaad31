#include "core/base/hash.h"

#include <doctest/doctest.h>

namespace rtml {

// The vectors of FIPS 180-2, appendix B.
TEST_CASE("sha256_hex: the published vectors") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("Sha256: pieces hash as the whole") {
  Sha256 hash;
  hash.update("ab");
  hash.update("c");
  CHECK(hash.finish_hex() == sha256_hex("abc"));
}

}  // namespace rtml
