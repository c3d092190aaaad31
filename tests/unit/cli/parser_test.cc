#include "cli/parser/parser.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

Result<Invocation> parse(const std::vector<std::string>& words) {
  return parse_command_line(words);
}

ErrorCode code_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  REQUIRE(!parsed);
  return parsed.error().code();
}

TEST_CASE("parser: common options stand before or after the command") {
  for (const std::vector<std::string>& words : {
           std::vector<std::string>{"-C", "there", "--output", "json", "config", "show"},
           {"config", "show", "--output=json", "-Cthere"},
           {"--output=json", "config", "show", "--directory", "there"},
       }) {
    const auto parsed = parse(words);
    REQUIRE(parsed.has_value());
    CHECK(parsed->command->path == "config show");
    CHECK(parsed->arguments.text("--output") == "json");
    CHECK(parsed->arguments.text("--directory") == "there");
  }
}

TEST_CASE("parser: defaults are filled in, and has() says whether there is a value") {
  const auto parsed = parse({"config", "show"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->arguments.text("--output") == "text");
  CHECK(!parsed->arguments.has("KEY"));
  CHECK(!parsed->arguments.flag("--origin"));
}

TEST_CASE("parser: a positional argument of several words") {
  const auto parsed = parse({"help", "config", "show"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->arguments.list("COMMAND") == std::vector<std::string>{"config", "show"});
  const auto brackets = parse({"help", "[a]", "-7", "--quiet", "b"});
  REQUIRE(brackets.has_value());
  CHECK(brackets->arguments.list("COMMAND") == std::vector<std::string>{"[a]", "-7", "b"});
}

TEST_CASE("parser: short flags may be joined") {
  const auto parsed = parse({"config", "trust", "-nq", "."});
  REQUIRE(parsed.has_value());
  CHECK(parsed->arguments.flag("--dry-run"));
  CHECK(parsed->arguments.flag("--quiet"));
  CHECK(parsed->arguments.text("DIR") == ".");
}

TEST_CASE("parser: words after -- are no options") {
  const auto parsed = parse({"config", "trust", "--", "--remove"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->arguments.text("DIR") == "--remove");
  CHECK(!parsed->arguments.flag("--remove"));
}

TEST_CASE("parser: --set keeps commas, brackets and equal signs") {
  const auto parsed = parse({"version", "--set", "a=1,2", "--set=b=[x,y]=z"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->arguments.list("--set") == std::vector<std::string>{"a=1,2", "b=[x,y]=z"});
}

TEST_CASE("parser: no command, a noun alone and help ask for pages") {
  CHECK(parse({})->command == nullptr);
  CHECK(parse({"config"})->noun == "config");
  CHECK(parse({"config", "--help"})->wants_help);
  CHECK(parse({"config", "show", "-h"})->command->path == "config show");
  // Help wins over whatever else is wrong.
  CHECK(parse({"config", "show", "--bogus", "-h"})->wants_help);
}

TEST_CASE("parser: the nearest command and option are named") {
  CHECK(code_of({"versoin"}) == ErrorCode::kUnknownCommand);
  CHECK(parse({"versoin"}).error().message().find("\"version\"") != std::string::npos);
  CHECK(parse({"config", "shwo"}).error().message().find("\"config show\"") != std::string::npos);
  CHECK(code_of({"config", "show", "--orgin"}) == ErrorCode::kUnknownOption);
  CHECK(parse({"config", "show", "--orgin"}).error().message().find("\"--origin\"") !=
        std::string::npos);
  CHECK(code_of({"--ouput", "json", "version"}) == ErrorCode::kUnknownOption);
}

TEST_CASE("parser: missing, surplus and misplaced values") {
  CHECK(code_of({"version", "--output"}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--output", "--quiet"}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--output="}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--output", "xml"}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--output", "sarif"}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--quiet=yes"}) == ErrorCode::kBadOptionValue);
  CHECK(code_of({"version", "--color", "never", "--color", "auto"}) == ErrorCode::kUsage);
  CHECK(code_of({"version", "extra"}) == ErrorCode::kUsage);
}

TEST_CASE("parser: a value may look like an option when it is joined with =") {
  const auto parsed = parse({"config", "trust", "--directory=--quiet"});
  REQUIRE(!parsed);
  const auto harmless = parse({"version", "--set=--x=1"});
  REQUIRE(harmless.has_value());
  CHECK(harmless->arguments.list("--set") == std::vector<std::string>{"--x=1"});
}

}  // namespace
}  // namespace rtml::cli
