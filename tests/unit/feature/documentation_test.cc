// Executes what docs/features.md shows, and checks where errors of a view's file are reported.

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/feature/kernel.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::feature {
namespace {

using project::ProjectFixture;
using table::Kind;
using table::Value;

std::string documentation() {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  const auto text = read_file(std::string(root) + "/docs/features.md");
  REQUIRE(text.has_value());
  return *text;
}

// What follows the marker, up to the next empty line.
std::string section(const std::string& name) {
  const std::string text = documentation();
  const std::string marker = "<!-- executed: " + name + " -->\n";
  const std::size_t at = text.find(marker);
  REQUIRE(at != std::string::npos);
  const std::size_t start = at + marker.size();
  return text.substr(start, text.find("\n\n", start) + 1 - start);
}

// The cells of a table, without the header's second line.
std::vector<std::vector<std::string>> table_of(const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(section(name));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|---")) continue;
    std::vector<std::string> cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) {
      const std::size_t begin = cell.find_first_not_of(" `");
      const std::size_t end = cell.find_last_not_of(" `");
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end + 1 - begin));
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

std::string write(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_text()) return std::string(value.text());
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value.number());
  return buffer;
}

std::int64_t moment(const std::string& text) {
  const auto time = parse_timestamp(text);
  REQUIRE(time.has_value());
  return *time;
}

Result<Program> compile_view(const project::Project& project, const table::Schema& schema) {
  const project::FeatureView& view = project.views().front();
  return compile(view, project.source_of(view), project.keys_of(view), schema);
}

table::Schema payments() {
  return table::Schema({{"at", {Kind::kTimestamp}},
                        {"payment_id", {Kind::kInt64}},
                        {"card_id", {Kind::kInt64}},
                        {"amount", {Kind::kDouble}},
                        {"fraud", {Kind::kInt64}}});
}

}  // namespace

TEST_CASE("docs/features.md: the example reads as it says") {
  std::string yaml = section("project");
  yaml = yaml.substr(yaml.find('\n') + 1);
  yaml.resize(yaml.find("```"));
  const ProjectFixture fixture(
      {{"rtml.yaml", "format: 1\nname: example\n"}, {"features/card.yaml", yaml}});
  const project::Project project = fixture.require();
  const auto program = compile_view(project, payments());
  if (!program) FAIL(ProjectFixture::messages(program.error()));
  Kernel kernel(*program);
  State state = kernel.make_state();
  const auto events = table_of("events");
  for (std::size_t i = 1; i < events.size(); ++i) {
    const std::string& amount = events[i][2];
    const Value amount_value =
        amount == "null" ? Value() : Value::of_number(std::strtod(amount.c_str(), nullptr));
    REQUIRE(program->inputs.size() == 2);  // amount, fraud
    const std::vector<Value> inputs = {amount_value, Value::of_integer(std::stoll(events[i][3]))};
    kernel.update(state, {moment(events[i][0]), Value(),
                          Value::of_integer(std::stoll(events[i][1])), inputs});
  }
  CHECK(state.duplicates == 1);
  const auto reads = table_of("reads");
  REQUIRE(reads[0].size() == program->outputs.size() + 1);
  REQUIRE(reads.size() > 5);
  for (std::size_t i = 1; i < reads.size(); ++i) {
    CAPTURE(reads[i][0]);
    const auto row = kernel.read(state, moment(reads[i][0]));
    REQUIRE(row.has_value());
    for (std::size_t f = 0; f < row->values.size(); ++f) {
      CAPTURE(reads[0][f + 1]);
      CHECK(reads[0][f + 1] == program->outputs[f].field.name);
      CHECK(write(row->values[f]) == reads[i][f + 1]);
    }
  }
}

TEST_CASE("compile: errors point into the file of the view") {
  const ProjectFixture fixture(
      {{"rtml.yaml", "format: 1\nname: example\n"},
       {"features/card.yaml",
        "kind: source\nname: payments\nbatch: {type: file, path: p.csv}\ntimestamp: at\n---\n"
        "kind: feature_view\nname: v\nentities: []\nsource: payments\nfeatures:\n"
        "  - {name: a, type: DOUBLE, aggregate: mean(amout), window: 1h}\n"
        "  - {name: b, type: INT64, aggregate: count, window: 1h, filter: \"amount > 'x'\"}\n"
        "  - {name: d, type: BOOL, expression: b > 1 andd true}\n"
        "  - {name: e, type: INT64, aggregate: mean(amount), window: {type: tumbling, size: "
        "1h}}\n"}});
  const auto program = compile_view(fixture.require(), payments());
  REQUIRE(!program);
  CHECK(ProjectFixture::messages(program.error()) ==
        "features/card.yaml:11:45 RT0402 cannot use the expression: unknown column \"amout\" (did "
        "you mean \"amount\"?)\n"
        "features/card.yaml:12:74 RT0402 cannot use the expression: \">\" does not take (DOUBLE, "
        "STRING)\n"
        "features/card.yaml:13:45 RT0401 cannot read the expression: expected an operator or the "
        "end, found \"andd\"\n"
        "features/card.yaml:14:12 RT0403 feature e: declared INT64, but mean(amount) is DOUBLE\n");
}

}  // namespace rtml::feature
