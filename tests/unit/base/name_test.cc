#include "core/base/name.h"

#include <doctest/doctest.h>

namespace rtml {

TEST_CASE("check_name: follows the naming rule") {
  for (const char* name : {"a", "fraud_v1", "tx_count_7d"}) CHECK(check_name(name, "view"));
  for (const char* name : {"", "1a", "A", "a__b", "a-b", "_a", "é"}) {
    CAPTURE(name);
    CHECK_FALSE(check_name(name, "view"));
  }
  CHECK(check_name(std::string(63, 'a'), "view"));
  CHECK_FALSE(check_name(std::string(64, 'a'), "view"));
}

TEST_CASE("nearest_word: finds slips of the finger and nothing else") {
  const std::vector<std::string> words = {"window", "aggregate", "filter", "ttl", "expression"};
  CHECK(nearest_word("widnow", words) == "window");
  CHECK(nearest_word("agregate", words) == "aggregate");
  CHECK(nearest_word("expr", words) == "expression");
  CHECK(nearest_word("tl", words) == "ttl");
  CHECK_FALSE(nearest_word("source", words));
  CHECK_FALSE(nearest_word("xx", words));
}

}  // namespace rtml
