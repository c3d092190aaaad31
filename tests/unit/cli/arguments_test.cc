#include <doctest/doctest.h>

#include "cli/command.h"

namespace rtml::cli {
namespace {

TEST_CASE("arguments: each getter returns what was set") {
  Arguments arguments;
  arguments.set("--flag", true);
  arguments.set("--text", std::string("x"));
  arguments.set("--list", std::vector<std::string>{"a", "b"});
  arguments.set("--rows", std::int64_t{7});
  arguments.set("--rate", 0.5);
  CHECK(arguments.flag("--flag"));
  CHECK(arguments.text("--text") == "x");
  CHECK(arguments.list("--list").size() == 2);
  CHECK(arguments.integer("--rows") == 7);
  CHECK(arguments.number("--rate") == 0.5);
  CHECK(arguments.optional_text("--text") == "x");
  CHECK(arguments.optional_integer("--rows") == 7);
}

TEST_CASE("arguments: what was not given is empty") {
  const Arguments arguments;
  CHECK(!arguments.has("--text"));
  CHECK(!arguments.flag("--flag"));
  CHECK(arguments.text("--text").empty());
  CHECK(arguments.list("--list").empty());
  CHECK(arguments.integer("--rows") == 0);
  CHECK(arguments.optional_text("--text") == std::nullopt);
  CHECK(arguments.optional_integer("--rows") == std::nullopt);
}

}  // namespace
}  // namespace rtml::cli
