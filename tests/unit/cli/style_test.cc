#include "cli/render/style.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

bool coloured(bool terminal, const std::string& when,
              std::map<std::string, std::string> variables) {
  return style_for(terminal, when, Environment(std::move(variables))).color;
}

TEST_CASE("style: colour follows the terminal, the variables and the flag") {
  using Variables = std::map<std::string, std::string>;
  CHECK(coloured(true, "auto", {}));
  CHECK(!coloured(false, "auto", {}));
  CHECK(!coloured(true, "auto", Variables{{"NO_COLOR", "1"}}));
  CHECK(coloured(true, "auto", Variables{{"NO_COLOR", ""}}));
  CHECK(!coloured(true, "auto", Variables{{"TERM", "dumb"}}));
  CHECK(coloured(false, "auto", Variables{{"FORCE_COLOR", "1"}}));
  CHECK(!coloured(false, "auto", Variables{{"FORCE_COLOR", "1"}, {"NO_COLOR", "1"}}));
  CHECK(coloured(false, "always", Variables{{"NO_COLOR", "1"}}));
  CHECK(!coloured(true, "never", Variables{{"FORCE_COLOR", "1"}}));
}

TEST_CASE("style: control characters of data never reach a terminal") {
  CHECK(printable("a\x1b[31mb\tc\n\x7f", Style{}) == "a\\x1b[31mb\\x09c\\x0a\\x7f");
  CHECK(printable("gr\xc3\xbc\xc3\x9f", Style{}) == "gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("style: data cannot give commands to a GitHub Actions runner") {
  const Style actions{.in_actions = true};
  CHECK(printable("::error::x", actions) == ": :error::x");
  CHECK(printable("  ::error::x", actions) == "  : :error::x");
  CHECK(printable("view::feature", actions) == "view::feature");
  CHECK(printable("a ##[error]x", actions) == "a ## [error]x");
  CHECK(printable("::error::x", Style{}) == "::error::x");
  CHECK(safe_for_actions("\"##[error]\"", actions) == "\"#\\u0023[error]\"");
  CHECK(safe_for_actions("\"###[x\"", actions) == "\"##\\u0023[x\"");
}

}  // namespace
}  // namespace rtml::cli
