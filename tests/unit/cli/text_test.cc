#include "cli/render/text.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

Table sizes() {
  Table table;
  table.columns = {{"name"}, {"rows", true}};
  table.rows = {{"a", "5"}, {"lo\xc3\xb1g", "12345"}};
  return table;
}

TEST_CASE("text: a table is aligned on a terminal and tab-separated elsewhere") {
  const std::vector<Section> sections = {sizes()};
  CHECK(render_text(sections, {.terminal = true}) ==
        "name   rows\na         5\nlo\xc3\xb1g  12345\n");
  CHECK(render_text(sections, {}) == "name\trows\na\t5\nlo\xc3\xb1g\t12345\n");
}

TEST_CASE("text: fields are aligned, lines coloured, verbatim text untouched") {
  const std::vector<Section> sections = {Fields{{{"model", "fraud"}, {"id", Text("7")}}},
                                         Line{Text("drift", Tone::kBad)}, Verbatim{"\x1b[0m\t"}};
  CHECK(render_text(sections, {}) == "model  fraud\nid     7\ndrift\n\x1b[0m\t");
  CHECK(render_text({Line{Text("drift", Tone::kBad)}}, {.color = true}) ==
        "\x1b[31mdrift\x1b[0m\n");
}

Error unknown_key() {
  return Error(ErrorCode::kUnknownKey, "unknown key \"widnow\"")
      .at({"features/a.yaml", 9, 14, 6, "    mean: {widnow: 7d}"})
      .with_help("it takes window");
}

TEST_CASE("text: an error shows its place, the line, a caret and help") {
  CHECK(render_error(unknown_key(), {}) ==
        "features/a.yaml:9:14: error[RT0104]: unknown key \"widnow\"\n"
        "  9 |     mean: {widnow: 7d}\n"
        "    |              ^^^^^^\n"
        "help: it takes window\n");
}

TEST_CASE("text: a caret stays within the line and under its column with tabs") {
  const Error error = Error(ErrorCode::kYamlSyntax, "x").at({"a", 10, 3, 99, "\t\tvalue"});
  CHECK(render_error(error, {}) == "a:10:3: error[RT0101]: x\n  10 |   value\n     |   ^^^^^\n");
  const Error end = Error(ErrorCode::kYamlSyntax, "x").at({"a", 1, 4, 0, "abc"});
  CHECK(render_error(end, {}) == "a:1:4: error[RT0101]: x\n  1 | abc\n    |    ^\n");
}

TEST_CASE("text: of many errors the last twenty are shown and the others counted") {
  std::vector<Error> errors;
  for (int i = 1; i <= 23; ++i) errors.emplace_back(ErrorCode::kFailed, std::to_string(i));
  const std::string text = render_error(Error::many(std::move(errors)), {});
  CHECK(text.starts_with("3 more errors before these\nerror[RT0002]: 4\n"));
  CHECK(text.ends_with("error[RT0002]: 23\n23 errors\n"));
}

}  // namespace
}  // namespace rtml::cli
