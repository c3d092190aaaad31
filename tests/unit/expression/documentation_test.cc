// Executes what docs/expressions.md shows.

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/expression/expression.h"

namespace rtml::expression {
namespace {

using table::Kind;
using table::Value;

std::string documentation() {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  const auto text = read_file(std::string(root) + "/docs/expressions.md");
  REQUIRE(text.has_value());
  return *text;
}

// The rows of a table after a marker, each as its two cells.
std::vector<std::pair<std::string, std::string>> rows_of(const std::string& name) {
  const std::string text = documentation();
  const std::string marker = "<!-- executed: " + name + " -->\n";
  const std::size_t at = text.find(marker);
  REQUIRE(at != std::string::npos);
  const std::size_t start = at + marker.size();
  std::istringstream lines(text.substr(start, text.find("\n\n", start) + 1 - start));
  std::vector<std::pair<std::string, std::string>> rows;
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const std::size_t end = line.find("` | ");
    REQUIRE(end != std::string::npos);
    rows.emplace_back(line.substr(3, end - 3), line.substr(end + 4, line.size() - end - 6));
  }
  return rows;
}

std::string write(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_text()) return std::string(value.text());
  if (value.is_list()) {
    std::string text;
    for (const Value& item : value.list()) text += (text.empty() ? "" : ", ") + write(item);
    return "[" + text + "]";
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value.number());
  return buffer;
}

}  // namespace

TEST_CASE("docs/expressions.md: expressions have the values it says") {
  const table::Schema schema({{"amount", {Kind::kDouble}},
                              {"qty", {Kind::kInt64}},
                              {"city", {Kind::kString}},
                              {"note", {Kind::kString}},
                              {"at", {Kind::kTimestamp}},
                              {"fraud", {Kind::kBool}},
                              {"gone", {Kind::kDouble}},
                              {"last_3", {Kind::kDouble, true}}});
  const auto at = parse_timestamp("2024-02-29T23:59:00Z");
  REQUIRE(at.has_value());
  const std::vector<Value> last = {Value::of_number(12.5), Value(), Value::of_number(3.5)};
  const std::vector<Value> row = {Value::of_number(12.5),
                                  Value::of_integer(7),
                                  Value::of_text("Oslo"),
                                  Value(),
                                  Value::of_integer(*at),
                                  Value::of_bool(true),
                                  Value(),
                                  Value::of_list(last)};
  const auto rows = rows_of("expressions");
  REQUIRE(rows.size() > 40);
  for (const auto& [text, wanted] : rows) {
    CAPTURE(text);
    const auto compiled = Expression::compile({text, {}}, schema);
    if (!compiled) FAIL(compiled.error().message());
    Scratch scratch;
    CHECK(write(compiled->evaluate(row, scratch)) == wanted);
  }
}

TEST_CASE("docs/expressions.md: lists every function with its arguments and meaning") {
  std::string table = "| function | meaning |\n|---|---|\n";
  for (const FunctionInfo& info : function_table()) {
    table += "| `" + info.name + "(" + info.arguments + ")` | " + info.meaning + " |\n";
  }
  const std::string text = documentation();
  const std::size_t start = text.find("| function | meaning |");
  REQUIRE(start != std::string::npos);
  CHECK(text.substr(start, text.find("\n\n", start) + 1 - start) == table);
}

}  // namespace rtml::expression
