#include "core/yaml/node.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/yaml/parse.h"

namespace rtml::yaml {
namespace {

Node parse_one(const std::string& text) {
  auto documents = parse(text, "a.yaml", Environment());
  REQUIRE(documents);
  REQUIRE(documents->size() == 1);
  return documents->front();
}

}  // namespace

TEST_CASE("resolve_plain_scalar: follows the core schema of YAML 1.2") {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) {
    CHECK(resolve_plain_scalar(text) == NodeKind::kNull);
  }
  for (const char* text : {"true", "False", "TRUE"}) {
    CHECK(resolve_plain_scalar(text) == NodeKind::kBool);
  }
  for (const char* text : {"0", "012", "-1", "+7", "0o14", "0xfF"}) {
    CHECK(resolve_plain_scalar(text) == NodeKind::kInteger);
  }
  for (const char* text : {"1.", ".5", "-1e9", "1.5E+3", ".inf", "-.Inf", ".nan", "+.INF"}) {
    CHECK(resolve_plain_scalar(text) == NodeKind::kNumber);
  }
  // Texts that YAML 1.1 would turn into something else.
  for (const char* text : {"no", "yes", "on", "Off", "y", "tRue", "0b1", "1_000", "12:30:45", "0o8",
                           "0x", "1e", ".", "-", "+.nan", "2024-01-01", "0o-1", "-0x1"}) {
    CAPTURE(text);
    CHECK(resolve_plain_scalar(text) == NodeKind::kString);
  }
}

TEST_CASE("Node: gives numbers") {
  CHECK(parse_one("012").integer() == 12);
  CHECK(parse_one("0o14").integer() == 12);
  CHECK(parse_one("0x0C").integer() == 12);
  CHECK(parse_one("+12").integer() == 12);
  CHECK(parse_one("-9223372036854775808").integer() == INT64_MIN);
  CHECK_FALSE(parse_one("9223372036854775808").integer());
  CHECK(parse_one("9223372036854775808").number() == 9223372036854775808.0);
  CHECK_FALSE(parse_one("'12'").integer());
  CHECK(parse_one("1.5e3").number() == 1500.0);
  CHECK(parse_one("-.inf").number() == -HUGE_VAL);
  CHECK(std::isnan(*parse_one(".nan").number()));
  CHECK(parse_one("1e999").number() == HUGE_VAL);
  CHECK(parse_one("1e-999").number() == 0.0);
}

TEST_CASE("Node: knows where its text stands") {
  const Node plain = *parse_one("key: some text # c").find("key");
  CHECK(plain.location().column == 6);
  CHECK(plain.location().length == 9);
  const Node quoted = *parse_one("key: \"some text\"").find("key");
  CHECK(quoted.location().column == 6);
  CHECK(quoted.location().length == 11);
  CHECK(quoted.text_location().column == 7);
  CHECK(quoted.text_location().length == 9);
  const Node escaped = *parse_one("key: \"a\\tb\"").find("key");
  CHECK_FALSE(escaped.is_verbatim());
  CHECK(escaped.text_location().column == 6);
  const Node block = *parse_one("key: |\n  a\n  b\n").find("key");
  CHECK(block.text() == "a\nb\n");
  CHECK_FALSE(block.is_verbatim());
  CHECK(block.location().line == 1);
  const Node folded = *parse_one("key: a\n  b\n").find("key");
  CHECK(folded.text() == "a b");
  CHECK_FALSE(folded.is_verbatim());
  const Node anchored = *parse_one("key: &name  value").find("key");
  CHECK(anchored.location().column == 13);
}

TEST_CASE("Node: becomes JSON") {
  const Node node = parse_one("{a: 1, b: [x, 2.5, true, null], c: 'no', d: no}");
  CHECK(to_json_text(node.to_json()) == R"({"a":1,"b":["x",2.5,true,null],"c":"no","d":"no"})");
}

}  // namespace rtml::yaml
