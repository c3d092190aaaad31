#include "core/yaml/interpolate.h"

#include <doctest/doctest.h>

namespace rtml::yaml {
namespace {

std::string text_of(std::string_view text) {
  const Environment environment({{"HOST", "db"}, {"EMPTY", ""}, {"NESTED", "${HOST}"}});
  std::size_t position = 0;
  const auto result = interpolate(text, environment, &position);
  return result ? result->text : "error at " + std::to_string(position);
}

}  // namespace

TEST_CASE("interpolate: replaces variables and defaults") {
  CHECK(text_of("plain $5") == "plain $5");
  CHECK(text_of("${HOST}:1") == "db:1");
  CHECK(text_of("${NOPE:-x}/${EMPTY:-y}/${HOST:-z}") == "x/y/db");
  CHECK(text_of("${EMPTY}") == "");
  CHECK(text_of("$${HOST} $$ ${HOST}") == "${HOST} $$ db");
}

TEST_CASE("interpolate: never looks twice at what it put in") {
  CHECK(text_of("${NESTED}") == "${HOST}");
}

TEST_CASE("interpolate: refuses what it cannot read") {
  CHECK(text_of("ab${NOPE}") == "error at 2");
  CHECK(text_of("${HOST") == "error at 0");
  CHECK(text_of("${}") == "error at 0");
  CHECK(text_of("${1A}") == "error at 0");
  CHECK(text_of("${HOST-x}") == "error at 0");
}

}  // namespace rtml::yaml
