#include "cli/render/github.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

Finding failure(std::string message, SourceLocation location = {}) {
  return {Finding::Level::kFailure, "RT0104", "", std::move(message), std::move(location)};
}

TEST_CASE("github: annotations are escaped as the runner unescapes them") {
  CHECK(render_annotations({failure("50% of\nrows: a,b", {"a,b:c.yaml", 3, 7})}, "", "") ==
        "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=RT0104::50%25 of%0Arows: a,b\n");
  CHECK(warning_annotation("a\r\nb") == "::warning::a%0D%0Ab");
}

TEST_CASE("github: files are named relative to the checkout") {
  const auto text = render_annotations({failure("x", {"rtml.yaml", 1, 1})}, "/ws/sub", "/ws");
  CHECK(text.find("file=sub/rtml.yaml,") != std::string::npos);
  const auto outside = render_annotations({failure("x", {"rtml.yaml", 1, 1})}, "/other", "/ws");
  CHECK(outside.find("file=rtml.yaml,") != std::string::npos);
}

TEST_CASE("github: ten annotations of a level, the rest in one line, passes not at all") {
  std::vector<Finding> findings(12, failure("x"));
  findings.push_back({Finding::Level::kPass, "r", "s", "fine", {}});
  findings.push_back({Finding::Level::kWarning, "r", "s", "careful", {}});
  const std::string text = render_annotations(findings, "", "");
  CHECK(text.find("2 more of level error without annotation\n") != std::string::npos);
  CHECK(text.ends_with("::warning title=r::careful\n"));
  CHECK(text.find("fine") == std::string::npos);
}

TEST_CASE("github: an output of several lines cannot end its own delimiter") {
  CHECK(render_outputs({{"drift", "true"}}) == "drift=true\n");
  const std::string first = render_outputs({{"report", "a\nb"}});
  const std::string second = render_outputs({{"report", "a\nb"}});
  CHECK(first.starts_with("report<<rtml_"));
  CHECK(first != second);
  const std::string delimiter = first.substr(8, first.find('\n') - 8);
  CHECK(first == "report<<" + delimiter + "\na\nb\n" + delimiter + "\n");
}

TEST_CASE("github: Markdown of data stays text") {
  Table table;
  table.columns = {{"name"}, {"psi", true}};
  table.rows = {{"a|b", "0.1"}, {"<img>\nx", "*"}};
  CHECK(render_markdown("drift check", {table}) ==
        "### drift check\n\n| name | psi |\n|---|---:|\n| a\\|b | 0.1 |\n| &lt;img> x | \\* |\n\n");
  CHECK(render_markdown("x", {Verbatim{"```\n::error::"}}).find("````\n```") != std::string::npos);
}

TEST_CASE("github: a summary stays below what a step may write") {
  const std::vector<Section> sections(100, Line{std::string(20'000, 'x')});
  const std::string text = render_markdown("x", sections);
  CHECK(text.size() < 1024 * 1024);
  CHECK(text.find("too long") != std::string::npos);
}

TEST_CASE("github: every single error becomes a finding") {
  const Error error = Error::many(
      {Error(ErrorCode::kIo, "a"), Error(ErrorCode::kUnknownKey, "b").at({"f.yaml", 3, 4})});
  const auto findings = findings_of(error);
  REQUIRE(findings.size() == 2);
  CHECK(findings[1].rule == "RT0104");
  CHECK(findings[1].location.line == 3);
}

}  // namespace
}  // namespace rtml::cli
