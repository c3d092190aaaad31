#include "core/base/base64.h"

#include <doctest/doctest.h>

using rtml::from_base64;
using rtml::to_base64;

TEST_CASE("base64: the vectors of RFC 4648, section 10") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
}

TEST_CASE("base64: every byte comes back, and what is none is refused") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(from_base64(to_base64(bytes)) == bytes);
  for (const char* wrong : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9*", "=Zg="}) {
    CAPTURE(wrong);
    CHECK_FALSE(from_base64(wrong));
  }
}
