// Views with every aggregate: the sweep and the kernel give the same bits, lists too.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/feature/aggregate.h"
#include "core/feature/sweep.h"
#include "core/table/value_memory.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;

ViewBuilder view_of_all() {
  ViewBuilder view;
  view.aggregate("var", Kind::kDouble, "var(x)", 900)
      .aggregate("var_y", Kind::kDouble, "var(y)", 2'000)
      .aggregate("std", Kind::kDouble, "std(z)", 300, 40)
      .aggregate("median", Kind::kDouble, "quantile(x, 0.5)", 700)
      .aggregate("distinct", Kind::kInt64, "count_distinct(s)", 800, 0, "flag")
      .aggregate("distinct_x", Kind::kInt64, "count_distinct(x)", 800)
      .aggregate("ewma", Kind::kDouble, "ewma(x, 100us)", 3'000)
      .aggregate("rate", Kind::kDouble, "rate", 500)
      .aggregate("rate_x", Kind::kDouble, "rate(x)", 500, 0, "", true)
      .aggregate("newest", Kind::kString, "last_k(s, 3)", 600)
      .aggregate("newest_x", Kind::kDouble, "last_k(x, 2)", 600)
      .aggregate("narrow", Kind::kInt32, "last_k(n, 4)", 600)
      .aggregate("often", Kind::kString, "top_k(s, 2)", 600)
      .aggregate("often_flag", Kind::kBool, "top_k(flag, 2)", 600)
      .expression("ratio", Kind::kDouble, "std / rate")
      .with_id()
      .ttl(2'500);
  for (project::Feature& feature : view.view.features) {
    const std::string& text = feature.aggregate.text;
    feature.type.is_list = text.starts_with("last_k") || text.starts_with("top_k");
  }
  return view;
}

std::vector<SourceRow> random_rows(std::size_t count) {
  std::mt19937_64 random(17);
  std::vector<SourceRow> rows(count);
  for (SourceRow& row : rows) {
    row.k = static_cast<std::int64_t>(random() % 5);
    row.t = static_cast<std::int64_t>(random() % 6'000) - 3'000;
    row.id = static_cast<std::int64_t>(random() % (count * 5));
    if (random() % 6 != 0) row.x = static_cast<double>(random() % 9) / 2;
    if (random() % 90 == 0) row.x = std::numeric_limits<double>::quiet_NaN();
    row.z = std::ldexp(1.0, static_cast<int>(random() % 300) - 150);
    row.y = static_cast<std::int64_t>(random());
    if (random() % 5 != 0) row.n = static_cast<std::int64_t>(random() % 20) - 10;
    row.s = std::to_string(random() % 6);
    row.flag = random() % 3 != 0;
  }
  return rows;
}

}  // namespace

TEST_CASE("aggregates: the sweep equals the kernel, for lists too") {
  for (const bool is_as_of_created : {false, true}) {
    ViewBuilder view = view_of_all();
    if (is_as_of_created) view.as_of_created();
    const Program program = view.program();
    std::vector<SourceRow> rows = random_rows(1'500);
    for (SourceRow& row : rows) {
      if (is_as_of_created) row.c = row.t + row.t % 37;
    }
    const auto events = event_columns(program, to_batch(view.schema, rows), "the rows");
    REQUIRE(events.has_value());
    const auto swept = sweep(program, *events, {events->rows, events->keys, events->time});
    REQUIRE(swept.has_value());
    Kernel kernel(program);
    std::map<std::int64_t, State> states;
    for (std::int64_t row = 0; row < events->rows; ++row) {
      const std::int64_t key = *rows[static_cast<std::size_t>(row)].k;
      State& state = states.try_emplace(key, kernel.make_state()).first->second;
      kernel.update(state, event_of(*events, row).event);
    }
    table::ValueMemory memory;
    std::size_t lists = 0;
    for (std::int64_t row = 0; row < events->rows; ++row) {
      const SourceRow& source = rows[static_cast<std::size_t>(row)];
      const auto read = kernel.read(states.at(*source.k), source.t);
      REQUIRE(read.has_value());
      memory.clear();
      for (std::size_t f = 0; f < swept->features.size(); ++f) {
        CAPTURE(program.outputs[f].field.name);
        REQUIRE(show(read->values[f]) == show(value_at(swept->features[f], row, memory)));
        lists += read->values[f].is_list() ? 1 : 0;
      }
    }
    CHECK(lists > 1'500);
  }
}

TEST_CASE("aggregates: those that make no sense of lists say so") {
  for (const std::string call :
       {"sum(e)", "mean(e)", "min(g)", "max(h)", "var(e)", "quantile(e, 0.5)", "last_k(e, 2)",
        "top_k(g, 2)", "ewma(e, 5s)", "rate(e)"}) {
    CAPTURE(call);
    ViewBuilder view;
    view.aggregate("f", Kind::kDouble, call, 10);
    const auto program = view.compile();
    REQUIRE(!program.has_value());
    CHECK(program.error().code() == ErrorCode::kExpressionType);
    CHECK(program.error().message().find("does not take LIST<") != std::string::npos);
    CHECK(program.error().help().find("element(x, 0)") != std::string::npos);
  }
}

}  // namespace rtml::feature
