#include <doctest/doctest.h>

#include <vector>

#include "core/base/hexadecimal.h"
#include "core/base/text_list.h"

namespace rtml {
namespace {

TEST_CASE("hexadecimal: digits of bytes and numbers, the highest first") {
  using namespace std::string_view_literals;
  CHECK(hexadecimal("\x00\x7f\xff"sv) == "007fff");
  CHECK(hexadecimal(""sv).empty());
  CHECK(hexadecimal(std::uint64_t{0x1a}) == "000000000000001a");
  CHECK(hexadecimal(~std::uint64_t{0}) == "ffffffffffffffff");
  std::string text = "x";
  append_hexadecimal(text, 0xabc, 2);
  CHECK(text == "xbc");
}

TEST_CASE("text list: commas stand between items only") {
  const std::vector<std::string> words = {"a", "", "c"};
  CHECK(text_list(words) == "a, , c");
  CHECK(text_list(std::vector<std::string>()).empty());
  CHECK(text_list(std::vector{1, 2}, [](int n) { return std::to_string(n); }) == "1, 2");
}

TEST_CASE("short list: of many the first stand there, and how many more there are") {
  const std::vector<std::string> words(41, "a");
  CHECK(short_list(std::vector(words.begin(), words.begin() + 2)) == "a, a");
  CHECK(short_list(std::vector(words.begin(), words.begin() + 40)).ends_with("a, a"));
  CHECK(short_list(words).ends_with("a, a and 1 more"));
}

}  // namespace
}  // namespace rtml
