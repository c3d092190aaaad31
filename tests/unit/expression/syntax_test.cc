#include "core/expression/syntax.h"

#include <doctest/doctest.h>

namespace rtml::expression {
namespace {

// The tree as a fully bracketed text.
std::string show(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return node.integer != 0 ? "true" : "false";
    case NodeKind::kInteger:
      return std::to_string(node.integer);
    case NodeKind::kNumber:
      return std::to_string(node.number);
    case NodeKind::kText:
      return "'" + node.text + "'";
    case NodeKind::kColumn:
      return node.text;
    case NodeKind::kCall:
    case NodeKind::kList:
      break;
  }
  std::string text = "(" + (node.kind == NodeKind::kList ? "list" : node.text);
  for (const Node& argument : node.arguments) text += " " + show(argument);
  return text + ")";
}

std::string tree(std::string_view text) {
  const auto node = parse({text, {}});
  return node ? show(*node) : node.error().message();
}

int error_column(std::string_view text) {
  const auto node = parse({text, {}});
  return node ? 0 : node.error().location()->column;
}

}  // namespace

TEST_CASE("parse: operators bind as in arithmetic, then comparison, not, and, or") {
  CHECK(tree("a + b * c") == "(+ a (* b c))");
  CHECK(tree("a - b - c") == "(- (- a b) c)");
  CHECK(tree("(a - b) % -c") == "(% (- a b) (negate c))");
  CHECK(tree("a < b + 1 and not c or d") == "(or (and (< a (+ b 1)) (not c)) d)");
  CHECK(tree("not a == b") == "(not (== a b))");
  CHECK(tree("if(a, 'it''s', \"b\")") == "(if a 'it's' 'b')");
  CHECK(tree("`a column` + f()") == "(+ a column (f))");
}

TEST_CASE("parse: in and between bind like comparisons") {
  CHECK(tree("a + 1 in (1, -2) and b") == "(and (in (+ a 1) (list 1 (negate 2))) b)");
  CHECK(tree("not a in [1]") == "(not (in a (list 1)))");
  CHECK(tree("a not in b or c") == "(or (not (in a b)) c)");
  CHECK(tree("a between 1 and b + 1 and c") == "(and (between a 1 (+ b 1)) c)");
  CHECK(tree("a not between 1 and 2") == "(not (between a 1 2))");
  CHECK(tree("f([1, 'x'], in)") == "(f (list 1 'x') in)");
  CHECK(error_column("a in (1, 2") == 11);
  CHECK(error_column("[1 2]") == 4);
}

TEST_CASE("parse: literals are integers, numbers, durations, texts and words") {
  CHECK(tree("7") == "7");
  CHECK(tree("-9223372036854775808") == "-9223372036854775808");
  CHECK(tree("1.5e3") == "1500.000000");
  CHECK(tree(".5") == "0.500000");
  CHECK(tree("1h30m") == "5400000000");
  CHECK(tree("true and null") == "(and true null)");
}

TEST_CASE("parse: a mistake is shown at its character") {
  CHECK(error_column("a + ") == 5);
  CHECK(error_column("a b") == 3);
  CHECK(error_column("(a + 1") == 7);
  CHECK(error_column("1 < a < 3") == 7);
  CHECK(error_column("'abc") == 1);
  CHECK(error_column("a $ b") == 3);
  CHECK(error_column("9223372036854775808") == 1);
  CHECK(error_column("1e999") == 1);
  CHECK(error_column("12abc") == 1);
  CHECK(error_column("f(a,") == 5);
  CHECK(error_column("and") == 1);
  CHECK(error_column("") == 1);
  CHECK(parse({"a = 1", {}}).error().help() == "write \"==\" to compare");
  CHECK(parse({"a && b", {}}).error().help() == "write \"and\"");
  CHECK(parse({"!a", {}}).error().help() == "write \"not\"");
}

TEST_CASE("parse: size, depth and number of parts are capped") {
  CHECK(tree(std::string(kMaximumLength + 1, ' ')).find("longer") != std::string::npos);
  CHECK(tree(std::string(100, '(') + "a").find("deeper") != std::string::npos);
  CHECK(tree(std::string(100, '-') + "a").find("deeper") != std::string::npos);
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "not ";
  CHECK(tree(nots + "a").find("deeper") != std::string::npos);
  std::string sum = "a";
  for (int i = 0; i < 1000; ++i) sum += "+a";
  CHECK(tree(sum).find("more parts") != std::string::npos);
}

TEST_CASE(
    "locate: moves right on the origin's line, and stays where the text is written otherwise") {
  SourceLocation origin{"features/a.yaml", 4, 11, 0, "  filter: amount > 0"};
  const Text plain{"amount > 0", origin};
  CHECK(locate(plain, 7, 1).column == 18);
  CHECK(locate(plain, 7, 1).length == 1);
  origin.line_text = "  filter: >";
  CHECK(locate({"amount > 0", origin}, 7, 1).column == 11);
}

TEST_CASE("column_names: each once, in order") {
  CHECK(column_names(*parse({"b + f(a, b)", {}})) == std::vector<std::string>{"b", "a"});
}

}  // namespace rtml::expression
