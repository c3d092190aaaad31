#include "core/feature/program.h"

#include <doctest/doctest.h>

#include "core/feature/aggregate.h"
#include "core/project/source_union.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;

std::string error_of(const ViewBuilder& view) {
  const auto program = view.compile();
  return program ? "compiles" : program.error().message();
}

Error error_at(const ViewBuilder& view) {
  auto program = view.compile();
  REQUIRE(!program);
  return std::move(program).error();
}

std::vector<std::string> names(const std::vector<table::Field>& fields) {
  return table::Schema(fields).names();
}

}  // namespace

TEST_CASE("compile: takes only the columns a view needs") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "sum(z + x)", 7, 3, "flag")
      .aggregate("b", Kind::kInt64, "count", 9);
  const Program program = view.program();
  CHECK(names(program.inputs) == std::vector<std::string>{"flag", "x", "z"});
  CHECK(program.raw_retention_us == 10);
  CHECK(program.keys.size() == 1);
  CHECK(!program.is_order_needed);
  CHECK(program.output_schema().names() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("compile: where order matters and there is no id, the whole row is needed") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "last(x)", 7);
  CHECK(names(view.program().inputs) == std::vector<std::string>{"c", "e", "flag", "g", "h", "id",
                                                                 "moment", "n", "name", "s", "u",
                                                                 "w", "x", "y", "z"});
  CHECK(names(view.with_id().program().inputs) == std::vector<std::string>{"x"});
}

TEST_CASE("compile: equal arguments and filters share a slot, equal windows a window") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "sum(x * 2)", 7, 0, "y > 1")
      .aggregate("b", Kind::kDouble, "mean( x*2 )", 7, 0, "(y > 1)")
      .aggregate("d", Kind::kDouble, "mean(x * 2)", 8);
  const Program program = view.program();
  CHECK(program.slots.size() == 2);
  CHECK(program.windows.size() == 2);
}

TEST_CASE("compile: says of each feature which columns it sees and how old at least") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "mean(y)", 7, 30)
      .aggregate("b", Kind::kDouble, "sum(x)", 7, 5, "y > 1")
      .expression("e", Kind::kDouble, "a + b")
      .expression("f", Kind::kInt64, "y * 2");
  const Program program = view.program();
  const auto delay = [&](std::size_t output, const std::string& column) {
    for (const Dependency& dependency : program.outputs[output].dependencies) {
      if (dependency.column == column) return dependency.least_delay_us;
    }
    return std::int64_t{-1};
  };
  CHECK(delay(0, "y") == 30);
  CHECK(delay(0, "x") == -1);
  CHECK(delay(1, "y") == 5);
  CHECK(delay(2, "y") == 5);
  CHECK(delay(2, "x") == 5);
  CHECK(delay(3, "y") == 0);
}

TEST_CASE("compile: the declared type must be the inferred one, or wider") {
  const auto declare = [](Kind kind, const std::string& aggregate) {
    ViewBuilder view;
    view.aggregate("f", kind, aggregate, 7);
    return error_of(view);
  };
  CHECK(declare(Kind::kInt64, "sum(y)") == "compiles");
  CHECK(declare(Kind::kDouble, "sum(y)") == "compiles");
  CHECK(declare(Kind::kInt64, "mean(y)") == "feature f: declared INT64, but mean(y) is DOUBLE");
  CHECK(declare(Kind::kInt32, "count") == "feature f: declared INT32, but count is INT64");
  CHECK(declare(Kind::kInt32, "max(n)") == "compiles");
  CHECK(declare(Kind::kInt64, "max(n)") == "compiles");
  CHECK(declare(Kind::kFloat, "last(w)") == "compiles");
  CHECK(declare(Kind::kFloat, "sum(w)") == "feature f: declared FLOAT, but sum(w) is DOUBLE");
  CHECK(declare(Kind::kString, "min(s)") == "compiles");
  CHECK(declare(Kind::kInt64, "sum(flag)") == "compiles");
  CHECK(declare(Kind::kDouble, "sum(s)") == "feature f: sum does not take STRING");
  CHECK(declare(Kind::kDouble, "sum(t)") == "feature f: sum does not take TIMESTAMP");
}

TEST_CASE("compile: what is no aggregate, or takes something else, is said") {
  const auto error = [](const std::string& aggregate) {
    ViewBuilder view;
    view.aggregate("f", Kind::kDouble, aggregate, 7);
    return error_at(view);
  };
  CHECK(error("foo(x)").message() == "feature f: not an aggregate: foo(x)");
  CHECK(error("avg(x)").message() ==
        "feature f: not an aggregate: avg(x) (did you mean \"mean\"?)");
  CHECK(error("Count(x)").message() ==
        "feature f: not an aggregate: Count(x) (did you mean \"count\"?)");
  CHECK(error("count(*)").message() ==
        "feature f: not an aggregate: count(*) (did you mean \"count\"?)");
  CHECK(error("sun(x)").message() == "feature f: not an aggregate: sun(x) (did you mean \"sum\"?)");
  CHECK(error("sum(x) / 2").message() == "feature f: not an aggregate: sum(x) / 2");
  CHECK(error("sum").message() == "feature f: sum takes one value, not 0");
  CHECK(error("sum(x, z)").message() == "feature f: sum takes one value, not 2");
  CHECK(error("sum(qqqq)").message() == "cannot use the expression: unknown column \"qqqq\"");
  CHECK(error("sum(x").code() == ErrorCode::kExpressionSyntax);
  CHECK(error("quantile(x)").message() ==
        "feature f: quantile takes quantile(x, probability), not 1 argument");
  CHECK(error("quantile(x, 2)").message() ==
        "feature f: probability of quantile must be a number from 0 to 1");
  CHECK(error("quantile(x, z)").message() ==
        "feature f: probability of quantile must be a number from 0 to 1");
  CHECK(error("last_k(x, 0)").message() ==
        "feature f: k of last_k must be a whole number from 1 to 1000");
  CHECK(error("ewma(x, 5)").message() ==
        "feature f: half_life of ewma must be a duration above 0, such as 1h");
  CHECK(error("approx_count_distinct(x)").message() ==
        "feature f: approx_count_distinct over a sliding window needs `resolution`");
  CHECK(error("var(s)").message() == "feature f: var does not take STRING");
  CHECK(error("ewma(moment, 1h)").message() == "feature f: ewma does not take TIMESTAMP");
  CHECK(error("last_k(x, 5)").message() ==
        "feature f: declared DOUBLE, but last_k(x, 5) is LIST<DOUBLE>");
}

TEST_CASE("compile: windows that make no sense are refused at their place") {
  using project::Window;
  using project::WindowKind;
  const auto refuse = [](const std::string& aggregate, const auto& change) {
    ViewBuilder view;
    view.aggregate("f", Kind::kInt64, aggregate, 8);
    view.view.features[0].window->location = {"features/a.yaml", 3, 5, 0, ""};
    change(view, *view.view.features[0].window);
    const Error error = error_at(view);
    CHECK(error.code() == ErrorCode::kFeatureDefinition);
    CHECK(error.location()->line == 3);
    return error.message();
  };
  CHECK(refuse("count", [](ViewBuilder&, Window& window) { window.resolution_us = 3; }) ==
        "feature f: size and delay must be multiples of the resolution: 3us");
  CHECK(refuse("count", [](ViewBuilder&, Window& window) {
          window.resolution_us = 4;
          window.delay_us = 2;
        }) == "feature f: size and delay must be multiples of the resolution: 4us");
  CHECK(refuse("count", [](ViewBuilder&, Window& window) { window.size_us = 0; }) ==
        "feature f: a window's size must be above 0 and reach back 10,000 years at most");
  CHECK(refuse("count", [](ViewBuilder&, Window& window) {
          window.kind = WindowKind::kSession;
          window.gap_us = 5;
          window.delay_us = 3;
        }) == "feature f: a session window has no delay, resolution or bounds");
  CHECK(refuse("count", [](ViewBuilder&, Window& window) { window.kind = WindowKind::kSession; }) ==
        "feature f: a session's gap and max_length must be above 0 and 10,000 years at most");
  CHECK(refuse("count", [](ViewBuilder&, Window& window) {
          window.kind = WindowKind::kTumbling;
          window.size_us = 0;
        }) == "feature f: a window's size must be above 0 and 10,000 years at most");
  CHECK(refuse("count", [](ViewBuilder& view, Window& window) {
          view.as_of_created();
          window.kind = WindowKind::kTumbling;
        }) == "feature f: as_of_created needs sliding windows without resolution");
}

TEST_CASE("compile: equal tiles share a fold, whatever the sizes of their windows") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "sum(x)", 8)
      .aggregate("b", Kind::kDouble, "sum(x)", 16, 4)
      .aggregate("d", Kind::kDouble, "sum(x)", 6)
      .aggregate("e", Kind::kDouble, "sum(x)", 8);
  for (int i = 0; i < 2; ++i) view.view.features[i].window->resolution_us = 4;
  view.view.features[2].window->resolution_us = 2;
  view.view.features[3].window.reset();
  const Program program = view.program();
  CHECK(program.folds.size() == 3);
  CHECK(program.folds[0].windows.size() == 2);
  // What folds needs no events, so nothing but the history makes them late.
  CHECK(program.raw_retention_us == 0);
  CHECK(program.lateness_us() == kDefaultHistoryUs);
}

TEST_CASE("compile: features that read each other in a circle are refused") {
  ViewBuilder view;
  view.expression("a", Kind::kInt64, "b + 1")
      .expression("b", Kind::kInt64, "d + 1")
      .expression("d", Kind::kInt64, "a + 1");
  CHECK(error_of(view) == "feature a: it depends on itself: a -> b -> d -> a");
  ViewBuilder itself;
  itself.expression("x", Kind::kDouble, "x * 2");
  CHECK(error_of(itself) == "feature x: it depends on itself: x -> x");
}

TEST_CASE("compile: all errors of a view come at once") {
  ViewBuilder view;
  view.aggregate("a", Kind::kInt64, "mean(x)", 7)
      .column("missing", Kind::kDouble)
      .expression("e", Kind::kBool, "nothing > 1")
      .aggregate("f", Kind::kInt64, "count", 7, 0, "x + 1");
  const Error error = error_at(view);
  REQUIRE(error.parts().size() == 4);
  CHECK(error.parts()[0].message() == "feature a: declared INT64, but mean(x) is DOUBLE");
  CHECK(error.parts()[1].message() == "feature missing: no column \"missing\" in source events");
  CHECK(error.parts()[2].message() == "cannot use the expression: unknown column \"nothing\"");
  CHECK(error.parts()[3].message() == "a filter must be BOOL, but this is DOUBLE");
}

TEST_CASE("compile: keys must be integers or texts on both sides") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 7);
  view.keys = {{"k", table::DataType{Kind::kInt32}}};
  CHECK(error_of(view) == "compiles");
  view.keys = {{"k", table::DataType{Kind::kString}}};
  CHECK(error_of(view) == "key \"k\" of view v is declared STRING, but the source has INT64");
  view.keys = {{"x", std::nullopt}};
  CHECK(error_at(view).code() == ErrorCode::kDataWrongType);
  view.keys = {{"kk", std::nullopt}};
  CHECK(error_of(view) == "no column \"kk\" in source events (did you mean \"k\"?)");
}

TEST_CASE("compile: of several sources a feature sees the columns of all, or of its own") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "sum(x)", 7)
      .aggregate("b", Kind::kDouble, "sum(z)", 7, 0, "y > 1")
      .of_source("b")
      .with_id()
      .of_two_sources(false);
  const Program program = view.program();
  CHECK(names(program.inputs) == std::vector<std::string>{"\x1Fsource", "x", "y",
                                                          "z\x1F"
                                                          "b"});
  CHECK(program.source_input == 0);
  CHECK(program.id_column == project::kUnionId);
  REQUIRE(program.outputs[1].dependencies.size() == 2);
  CHECK(program.outputs[1].dependencies[0].column == "z");
  CHECK(program.outputs[1].dependencies[0].source == "b");
  CHECK(program.outputs[0].dependencies[0].source.empty());
}

TEST_CASE("compile: of several sources the rows of those without ids break ties") {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "last(x)", 7).with_id().of_two_sources(false);
  CHECK(names(view.program().inputs) == std::vector<std::string>{"\x1Fsource", "c", "e", "flag",
                                                                 "g", "h", "id", "moment", "n",
                                                                 "name", "s", "u", "x", "y",
                                                                 "z\x1F"
                                                                 "b"});
}

TEST_CASE("compile: what not all sources have is refused where a feature sees all") {
  const auto with = [](const std::string& aggregate, const std::string& filter = "") {
    ViewBuilder view;
    view.aggregate("a", Kind::kDouble, aggregate, 7, 0, filter).of_two_sources(true);
    return error_of(view);
  };
  CHECK(with("sum(z)") == "not every source of view v has the column \"z\", only b");
  CHECK(with("sum(x)", "w > 1") == "not every source of view v has the column \"w\", only a");
  ViewBuilder latest;
  latest.column("z", Kind::kDouble).of_two_sources(true);
  CHECK(error_of(latest) == "feature z: not every source of view v has the column \"z\", only b");
  ViewBuilder expression;
  expression.expression("e", Kind::kDouble, "z / 2").of_two_sources(true);
  CHECK(error_of(expression) == "not every source of view v has the column \"z\", only b");
  ViewBuilder other;
  other.aggregate("a", Kind::kDouble, "sum(z)", 7).of_source("a").of_two_sources(true);
  CHECK(error_of(other).find("z") != std::string::npos);
}

TEST_CASE("compile: each of several sources has the keys, and created where it counts") {
  ViewBuilder key;
  key.keyed_by({"z"}).aggregate("a", Kind::kInt64, "count", 7).of_two_sources(true);
  CHECK(error_of(key) == "source a has no column \"z\", a key of view v");
  ViewBuilder created;
  created.aggregate("a", Kind::kInt64, "count", 7).as_of_created().of_two_sources(true);
  created.source.parts[1].created.reset();
  CHECK(error_of(created) == "as_of_created needs a source with `created`: b");
}

}  // namespace rtml::feature
