#include "core/feature/on_demand.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tests/unit/project/project_fixture.h"

namespace rtml::feature {
namespace {

using project::ProjectFixture;
using table::Kind;
using table::Value;

std::map<std::string, std::string> files_with(const std::string& on_demand) {
  return {{"rtml.yaml", "format: 1\nname: example\n"},
          {"features/card.yaml",
           "kind: source\nname: payments\nbatch: {type: file, path: p.csv}\ntimestamp: at\n---\n"
           "kind: feature_view\nname: activity\nentities: [card_id]\nsource: payments\nfeatures:\n"
           "  - {name: mean_1d, type: DOUBLE, aggregate: mean(amount), window: 1d}\n"
           "  - {name: count_1d, type: INT64, aggregate: count, window: 1d}\n---\n"
           "kind: feature_view\nname: shop\nentities: [shop_id]\nsource: payments\nfeatures:\n"
           "  - {name: count_1d, type: INT64, aggregate: count, window: 1d}\n"},
          {"features/on_demand.yaml", on_demand}};
}

constexpr const char* kChecks =
    "kind: on_demand_view\nname: checks\nrequest: {amount: DOUBLE, country: STRING}\n"
    "inputs: [activity, \"shop:count_1d\"]\nfeatures:\n"
    "  - {name: is_large, type: BOOL, expression: ratio > 3}\n"
    "  - {name: ratio, type: DOUBLE, expression: amount / mean_1d}\n"
    "  - {name: busier, type: INT64, expression: activity__count_1d - shop__count_1d}\n"
    "  - {name: whole, type: DOUBLE, expression: activity__count_1d}\n"
    "  - {name: hour, type: INT64, expression: hour_of_day(event_timestamp)}\n"
    "  - {name: place, type: STRING, expression: \"upper(coalesce(country, 'xx'))\"}\n";

std::string errors_of(const std::string& on_demand) {
  const ProjectFixture fixture(files_with(on_demand));
  const auto project = fixture.load();
  if (!project) return ProjectFixture::messages(project.error());
  const project::OnDemandView& view = project->on_demand_views().front();
  const auto program = OnDemandProgram::compile(view, project->inputs_of(view));
  return program ? "" : ProjectFixture::messages(program.error());
}

}  // namespace

TEST_CASE("OnDemandProgram: reads the request, the time, inputs and its own features") {
  const ProjectFixture fixture(files_with(kChecks));
  const project::Project project = fixture.require();
  const project::OnDemandView& view = project.on_demand_views().front();
  const auto program = OnDemandProgram::compile(view, project.inputs_of(view));
  if (!program) FAIL(ProjectFixture::messages(program.error()));
  REQUIRE(program->inputs().size() == 3);
  CHECK(program->inputs()[2].name == "shop__count_1d");
  OnDemandProgram::Scratch scratch;
  const std::vector<Value> request = {Value::of_number(100), Value()};
  const std::vector<Value> inputs = {Value::of_number(25), Value::of_integer(7),
                                     Value::of_integer(4)};
  const auto values = program->evaluate(request, 3'600'000'000, inputs, scratch);
  REQUIRE(values.size() == 6);
  CHECK(values[0].boolean());
  CHECK(values[1].number() == 4);
  CHECK(values[2].integer() == 3);
  CHECK(values[3].number() == 7);
  CHECK(values[4].integer() == 1);
  CHECK(values[5].text() == "XX");
  const std::vector<Value> nothing = {Value(), Value(), Value()};
  const auto nulls = program->evaluate(request, 0, nothing, scratch);
  CHECK(nulls[0].is_null());
  CHECK(nulls[1].is_null());
  CHECK(nulls[4].integer() == 0);
}

TEST_CASE("OnDemandProgram: columns give the bits of rows") {
  const ProjectFixture fixture(files_with(kChecks));
  const project::Project project = fixture.require();
  const project::OnDemandView& view = project.on_demand_views().front();
  const auto program = OnDemandProgram::compile(view, project.inputs_of(view));
  REQUIRE(program.has_value());
  const std::vector<double> amounts = {0.1, -0.0, INFINITY, std::nan(""), 1e308};
  const std::vector<double> means = {0.3, 0.0, 1.0, 2.0, 1e-308};
  table::ColumnBuilder mean({Kind::kDouble});
  for (const double value : means) mean.append_number(value);
  mean.append_null();
  std::vector<double> padded = amounts;
  padded.push_back(1);
  const std::vector<table::Column> request = {
      table::double_column(padded), table::string_column({"no", "", "se", "dk", "fi", "is"})};
  const std::vector<table::Column> inputs = {mean.finish(), table::int64_column({1, 2, 3, 4, 5, 6}),
                                             table::int64_column({6, 5, 4, 3, 2, 1})};
  const table::Column time = table::timestamp_column({0, 1, -1, 3'600'000'000, 5, 6});
  const auto columns = program->evaluate(request, time, inputs, 6);
  REQUIRE(columns.size() == 6);
  OnDemandProgram::Scratch scratch;
  for (std::int64_t row = 0; row < 6; ++row) {
    std::vector<Value> of_request;
    for (const table::Column& column : request) of_request.push_back(value_at(column, row));
    std::vector<Value> of_inputs;
    for (const table::Column& column : inputs) of_inputs.push_back(value_at(column, row));
    const auto values =
        program->evaluate(of_request, time.values<std::int64_t>()[row], of_inputs, scratch);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      CAPTURE(row);
      CAPTURE(i);
      const Value wanted = value_at(columns[i], row);
      REQUIRE(values[i].is_null() == wanted.is_null());
      if (wanted.is_number()) {
        const double a = values[i].number();
        const double b = wanted.number();
        CHECK(std::memcmp(&a, &b, sizeof a) == 0);
      } else if (wanted.is_text()) {
        CHECK(values[i].text() == wanted.text());
      } else if (!wanted.is_null()) {
        CHECK(values[i].integer() == wanted.integer());
      }
    }
  }
}

TEST_CASE("OnDemandProgram: errors point into the file") {
  const auto with = [](const std::string& feature) {
    return "kind: on_demand_view\nname: checks\nrequest: {amount: DOUBLE}\ninputs: [activity, "
           "shop]\n"
           "features:\n  - {name: x, type: DOUBLE, expression: \"" +
           feature + "\"}\n";
  };
  CHECK(errors_of(with("amount / mean_1")) ==
        "features/on_demand.yaml:6:51 RT0402 cannot use the expression: unknown column \"mean_1\" "
        "(did you mean \"mean_1d\"?)\n");
  // Two inputs have this name, so that neither goes by it.
  CHECK(errors_of(with("amount / count_1d")).find("unknown column \"count_1d\"") !=
        std::string::npos);
  CHECK(errors_of(with("x + 1")) ==
        "features/on_demand.yaml:2:7 RT0403 features of on-demand view checks depend on each "
        "other\n");
  CHECK(errors_of(with("amount > 1")) ==
        "features/on_demand.yaml:6:12 RT0403 feature x: declared DOUBLE, but the expression is "
        "BOOL\n");
}

TEST_CASE("Project: an on-demand view reads feature views that there are") {
  CHECK(
      errors_of("kind: on_demand_view\nname: checks\ninputs: [activty, \"shop:cont_1d\"]\n"
                "features:\n  - {name: x, type: DOUBLE, expression: mean_1d}\n") ==
      "features/on_demand.yaml:3:10 RT0108 unknown feature view \"activty\" (did you mean "
      "\"activity\"?)\n"
      "features/on_demand.yaml:3:20 RT0108 view \"shop\" has no feature \"cont_1d\" (did you mean "
      "\"count_1d\"?)\n");
  CHECK(errors_of("kind: on_demand_view\nname: activity\nrequest: {amount: DOUBLE}\n"
                  "features:\n  - {name: x, type: DOUBLE, expression: amount}\n")
            .find("is defined twice: \"activity\"") != std::string::npos);
  CHECK(errors_of("kind: on_demand_view\nname: checks\nrequest: {amount: DOUBLE}\n"
                  "features:\n  - {name: amount, type: DOUBLE, expression: amount}\n")
            .find("a feature may not be called like a column of the request") != std::string::npos);
}

TEST_CASE("Project: a service takes features of a request after those of views") {
  const ProjectFixture fixture(files_with(std::string(kChecks) +
                                          "---\nkind: feature_service\nname: fraud\nfeatures: "
                                          "[\"checks:ratio\", \"activity:mean_1d\"]\n"));
  const project::Project project = fixture.require();
  const auto service = project.find_service("fraud");
  REQUIRE(service.has_value());
  const project::FeatureSelection selection = project.selection_of(**service);
  REQUIRE(selection.features.size() == 1);
  CHECK(selection.features[0].name == "mean_1d");
  REQUIRE(selection.on_demand.size() == 1);
  CHECK(selection.on_demand[0].name == "ratio");
  const std::vector<std::string> reference = {"checks:hour"};
  CHECK(project.select_features(reference, true)->on_demand[0].name == "checks__hour");
  CHECK(project.resolve_features(reference, false).error().code() == ErrorCode::kUsage);
}

}  // namespace rtml::feature
