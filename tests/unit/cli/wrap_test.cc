#include "cli/wrap.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("wrap: words fill lines up to the width and not beyond") {
  CHECK(wrapped("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrapped("one two three", 6) == Lines{"one", "two", "three"});
  CHECK(wrapped("a  b\nc", 10) == Lines{"a b c"});
  CHECK(wrapped("", 10).empty());
  CHECK(wrapped(" \n ", 10).empty());
}

TEST_CASE("wrap: a word that is too long has its own line") {
  CHECK(wrapped("a verylongword b", 4) == Lines{"a", "verylongword", "b"});
}

TEST_CASE("wrap: an empty line ends a paragraph") {
  CHECK(wrapped("one\ntwo\n\nthree\n", 20) == Lines{"one two", "", "three"});
  CHECK(wrapped("one\n\n\n\ntwo", 20) == Lines{"one", "", "two"});
}

TEST_CASE("wrap: letters count, not bytes") {
  CHECK(wrapped("gr\xc3\xbc\xc3\x9f dich", 9) == Lines{"gr\xc3\xbc\xc3\x9f dich"});
}

}  // namespace
}  // namespace rtml::cli
