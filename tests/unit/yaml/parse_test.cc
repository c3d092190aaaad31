#include "core/yaml/parse.h"

#include <doctest/doctest.h>

#include <chrono>

namespace rtml::yaml {
namespace {

Environment test_environment() {
  return Environment(std::map<std::string, std::string>{{"SET", "value"}, {"PORT", "12"}});
}

// "line:column id message", the errors of one parse separated by "; ".
std::string errors_of(const std::string& text, const Limits& limits = {}) {
  const auto documents = parse(text, "a.yaml", test_environment(), limits);
  if (documents) return "";
  const auto show = [](const Error& error) {
    const SourceLocation place = error.location().value_or(SourceLocation{});
    return std::to_string(place.line) + ":" + std::to_string(place.column) + " " +
           std::string(error.id()) + " " + error.message();
  };
  if (documents.error().parts().empty()) return show(documents.error());
  std::string all;
  for (const Error& part : documents.error().parts()) all += (all.empty() ? "" : "; ") + show(part);
  return all;
}

std::string json_of(const std::string& text) {
  const auto documents = parse(text, "a.yaml", test_environment());
  if (!documents) return errors_of(text);
  std::string all;
  for (const Node& node : *documents) {
    all += (all.empty() ? "" : " ") + to_json_text(node.to_json());
  }
  return all;
}

std::string repeat(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("parse: reads documents and leaves empty ones out") {
  CHECK(json_of("") == "");
  CHECK(json_of("# only a comment\n") == "");
  CHECK(json_of("---\n---\n") == "");
  CHECK(json_of("a: 1\n---\nb: 2\n---\n") == R"({"a":1} {"b":2})");
  CHECK(json_of("a: 1\n...\nb: 2\n") == R"({"a":1} {"b":2})");
  CHECK(json_of("%YAML 1.2\n---\na: 1\n") == R"({"a":1})");
}

TEST_CASE("parse: expands aliases") {
  CHECK(json_of("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n") ==
        R"({"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]})");
  CHECK(errors_of("a: &x [*x]\n") == "1:8 RT0101 an alias stands inside the value that it names");
  CHECK(errors_of("a: *nope\n") == "1:4 RT0101 an alias names no anchor");
}

TEST_CASE("parse: replaces variables in values only") {
  CHECK(json_of("a: ${SET}\nb: '${SET}'\nc: \"x ${NO:-y}\"\nd: $${SET}\n") ==
        R"({"a":"value","b":"value","c":"x y","d":"${SET}"})");
  CHECK(json_of("a: ${PORT}\nb: '${PORT}'\nc: ${NO:-}\n") == R"({"a":12,"b":"12","c":""})");
  CHECK(json_of("${SET}: 1\n") == R"({"${SET}":1})");
  CHECK(errors_of("a: x ${NO} y\nb: ${NO2}\n") ==
        "1:6 RT0107 environment variable is not set: NO; "
        "2:4 RT0107 environment variable is not set: NO2");
}

TEST_CASE("parse: refuses a key twice, with the place of each") {
  CHECK(errors_of("a: 1\nb: {c: 1, c: 2}\na: 2\n") ==
        "2:11 RT0103 key stands twice in this mapping: \"c\"; "
        "3:1 RT0103 key stands twice in this mapping: \"a\"");
  CHECK(errors_of("'a': 1\na: 2\n") == "2:1 RT0103 key stands twice in this mapping: \"a\"");
}

TEST_CASE("parse: refuses what it does not read, at its place") {
  CHECK(errors_of("<<: {a: 1}\n") == "1:1 RT0101 merge keys are not read: <<");
  CHECK(errors_of("a: !!str 5\n") == "1:4 RT0101 tags are not read: !!str");
  CHECK(errors_of("a: ! 5\n") == "1:4 RT0101 tags are not read: !");
  CHECK(errors_of("a: !x [1]\n") == "1:4 RT0101 tags are not read: !x");
  CHECK(errors_of("? [a]\n: b\n") == "1:3 RT0101 a key must be a plain text");
  CHECK(errors_of("~: b\n") == "1:1 RT0101 a key must be a plain text");
  CHECK(errors_of("a: {b: c,, d: e}\n") == "1:10 RT0101 a key must be a plain text");
}

TEST_CASE("parse: says what is wrong with the syntax") {
  CHECK(errors_of("a:\n\tb: 1\n") == "2:1 RT0101 a tab is used to indent");
  CHECK(errors_of("\ta: 1\n") == "1:1 RT0101 a tab is used to indent");
  CHECK(errors_of("a:\n  b: 1\n\tc: 2\n") == "3:1 RT0101 a tab is used to indent");
  CHECK(errors_of("a: [1\nb: 2\n") == "1:4 RT0101 a [ is not closed by ]");
  CHECK(errors_of("a: {b: [1, 2\n") == "1:8 RT0101 a [ is not closed by ]");
  CHECK(errors_of("a: {b: 1\n") == "1:4 RT0101 a { is not closed by }");
  CHECK(errors_of("a: \"unfinished\nb: 1\n") == "1:4 RT0101 a quoted text is not closed");
  CHECK(errors_of("a: 'it''s\n") == "1:4 RT0101 a quoted text is not closed");
  CHECK(errors_of("a: b: c\n") == "1:5 RT0101 a \"key: value\" may not stand here");
  CHECK(errors_of("a: @b\n") == "1:4 RT0101 a plain text may not start with this character");
  CHECK(errors_of("a: ]\n") == "1:4 RT0101 a ] or } closes nothing");
  CHECK(errors_of("a: - b\n") == "1:4 RT0101 a \"- item\" may not stand here");
  CHECK(errors_of("- a\nb: 1\n") ==
        "2:1 RT0101 this belongs neither to the document above nor to a new one");
  CHECK(errors_of("{a: 1}\n{b: 2}\n") ==
        "2:1 RT0101 this belongs neither to the document above nor to a new one");
}

TEST_CASE("parse: ends where the library would go round for ever") {
  CHECK(errors_of(", a\n") == "1:1 RT0101 a document may not start here");
  CHECK(errors_of("a: 1\n---\n, b: 2\n") ==
        "3:1 RT0101 this belongs neither to the document above nor to a new one; "
        "3:1 RT0101 a document may not start here");
}

TEST_CASE("parse: keeps tabs that are content") {
  CHECK(json_of("a: |\n  x\n  \ty\nb: [1,\t2]\n") == R"({"a":"x\n\ty\n","b":[1,2]})");
}

TEST_CASE("parse: caps size, depth and nodes") {
  CHECK(errors_of(std::string((1 << 20) + 1, ' ')) ==
        "0:0 RT0102 larger than 1048576 bytes: 1048577");
  CHECK(errors_of(repeat("[", 64) + repeat("]", 64)) == "");
  CHECK(errors_of(repeat("[", 65) + repeat("]", 65)) == "1:65 RT0102 nested deeper than 64");
  CHECK(errors_of(repeat("[", 20'000)) != "");
  CHECK(errors_of(repeat("- ", 20'000)) == "1:129 RT0102 nested deeper than 64");
  CHECK(errors_of(repeat("{a: ", 65) + repeat("}", 65)) == "1:257 RT0102 nested deeper than 64");
  CHECK(errors_of(repeat("{a: ", 20'000)) != "");
  CHECK(errors_of("[" + repeat("a,", 9'999) + "]") == "");
  CHECK(errors_of("[" + repeat("a,", 10'000) + "]") ==
        "1:20000 RT0102 more than 10000 values, aliases expanded");
}

TEST_CASE("parse: aliases do not get around the caps") {
  std::string bomb = "a0: &a0 x\n";
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i) + ": &a" + std::to_string(i);
    bomb += name + " [" + repeat(previous + ", ", 9) + previous + "]\n";
    chain += name + " [" + previous + "]\n";
  }
  CHECK(errors_of(bomb).find("RT0102 more than 10000 values, aliases expanded") !=
        std::string::npos);
  CHECK(errors_of(chain).find("RT0102 nested deeper than 64") != std::string::npos);
  const std::string large = "a: &a " + std::string(100'000, 'x') + "\nb: [" + repeat("*a,", 100);
  CHECK(errors_of(large + "]\n").find("RT0102 more than 4194304 bytes of text") !=
        std::string::npos);
}

TEST_CASE("parse: a hostile file of the greatest size takes no long time") {
  const int count = 1 << 20;
  for (const std::string& text :
       {repeat("[", count), repeat("{a:", count / 3), repeat("a, ", count / 3),
        "\"" + repeat("\\n", count / 2 - 1), repeat("&a ", count / 3), repeat("\n", count),
        repeat("? ", count / 2), repeat("- ", count / 2), repeat("a:\n ", count / 4)}) {
    CAPTURE(text.substr(0, 10));
    const auto start = std::chrono::steady_clock::now();
    (void)parse(text, "a.yaml", Environment());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  }
}

TEST_CASE("parse: collects at most twenty errors") {
  const auto documents = parse(repeat("a: 1\n", 100), "a.yaml", Environment());
  REQUIRE_FALSE(documents);
  CHECK(documents.error().parts().size() == 20);
}

}  // namespace rtml::yaml
