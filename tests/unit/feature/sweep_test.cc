#include "core/feature/sweep.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/table/value_memory.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;

project::Window sliding(std::int64_t size_us, std::int64_t resolution_us = 0) {
  project::Window window;
  window.size_us = size_us;
  window.resolution_us = resolution_us;
  return window;
}

ViewBuilder wide_view() {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 500)
      .aggregate("sum", Kind::kDouble, "sum(x)", 2'000, 100)
      .aggregate("wide", Kind::kDouble, "mean(z)", 700, 0, "flag")
      .aggregate("min", Kind::kDouble, "min(x)", 300, 0, "", true)
      .aggregate("last", Kind::kString, "last(s)", 900)
      .aggregate("rate", Kind::kDouble, "rate(x)", 800, 0, "flag")
      .aggregate("ewma", Kind::kDouble, "ewma(x, 7us)", 600)
      .aggregate_over("top", {Kind::kString, true}, "top_k(s, 4)", sliding(1'000), "")
      .aggregate_over("newest", {Kind::kDouble, true}, "last_k(x, 5)", sliding(400), "flag")
      .aggregate_over("about", {Kind::kInt64}, "approx_count_distinct(x)", sliding(800, 20), "")
      .aggregate_over("p90", {Kind::kDouble}, "approx_quantile(z, 0.9)", sliding(400, 20), "")
      .expression("e", Kind::kDouble, "sum / n")
      .with_id()
      .ttl(2'000);
  return view;
}

// Many more rows than a block: one entity of half the rows, some hundreds of the rest.
std::vector<SourceRow> many_rows(std::size_t count) {
  std::mt19937_64 random(5);
  std::vector<SourceRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    SourceRow& row = rows[i];
    row.k = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 300);
    row.t = static_cast<std::int64_t>(random() % (count / 2));
    row.id = static_cast<std::int64_t>(random() % (count * 10));
    row.x = static_cast<double>(random() % 10'000) / 100;
    row.z = std::ldexp(1.0, static_cast<int>(random() % 300) - 150);
    row.s = std::to_string(random() % 50);
    row.flag = random() % 3 != 0;
  }
  return rows;
}

ReadColumns reads_of(const Program& program, const EventColumns& events) {
  REQUIRE(program.keys.size() == events.keys.size());
  return {events.rows, events.keys, events.time};
}

}  // namespace

TEST_CASE("sweep: many blocks on many threads equal the kernel") {
  const ViewBuilder view = wide_view();
  const Program program = view.program();
  const std::vector<SourceRow> rows = many_rows(40'000);
  const auto events = event_columns(program, to_batch(view.schema, rows), "the rows");
  REQUIRE(events.has_value());
  const ReadColumns reads = reads_of(program, *events);
  const auto one = sweep(program, *events, reads);
  REQUIRE(one.has_value());
  const auto three = sweep(program, *events, reads, {3, nullptr});
  REQUIRE(three.has_value());
  CHECK(one->duplicates == three->duplicates);
  CHECK(!one->duplicates.empty());

  Kernel kernel(program);
  std::map<std::int64_t, State> states;
  for (std::int64_t row = 0; row < events->rows; ++row) {
    State& state = states.try_emplace(*rows[static_cast<std::size_t>(row)].k, kernel.make_state())
                       .first->second;
    kernel.update(state, event_of(*events, row).event);
  }
  bool all_same = true;
  table::ValueMemory memory;
  for (std::int64_t row = 0; row < events->rows; row += 7) {
    memory.clear();
    const SourceRow& source = rows[static_cast<std::size_t>(row)];
    const auto read = kernel.read(states.at(*source.k), source.t);
    REQUIRE(read.has_value());
    for (std::size_t f = 0; f < one->features.size(); ++f) {
      const std::string expected = show(read->values[f]);
      all_same = all_same && expected == show(value_at(one->features[f], row, memory)) &&
                 expected == show(value_at(three->features[f], row, memory));
    }
  }
  CHECK(all_same);
}

TEST_CASE("sweep: rows in order, as files have them, give what they give in any order") {
  const ViewBuilder view = wide_view();
  const Program program = view.program();
  std::vector<SourceRow> rows = many_rows(20'000);
  std::sort(rows.begin(), rows.end(),
            [](const SourceRow& a, const SourceRow& b) { return a.t < b.t; });
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = static_cast<std::int64_t>(i);
  const auto events = event_columns(program, to_batch(view.schema, rows), "the rows");
  REQUIRE(events.has_value());
  const auto in_order = sweep(program, *events, reads_of(program, *events), {.tells_ages = false});
  REQUIRE(in_order.has_value());

  std::vector<SourceRow> mixed = rows;
  std::shuffle(mixed.begin(), mixed.end(), std::mt19937_64(3));
  const auto mixed_events = event_columns(program, to_batch(view.schema, mixed), "the rows");
  REQUIRE(mixed_events.has_value());
  const auto any_order = sweep(program, *mixed_events, reads_of(program, *mixed_events));
  REQUIRE(any_order.has_value());
  CHECK(any_order->duplicates.empty());
  bool all_same = true;
  table::ValueMemory memory;
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    memory.clear();
    for (std::size_t f = 0; f < program.outputs.size(); ++f) {
      const auto row = static_cast<std::int64_t>(i);
      all_same = all_same && show(value_at(any_order->features[f], row, memory)) ==
                                 show(value_at(in_order->features[f], *mixed[i].id, memory));
    }
  }
  CHECK(all_same);
}

TEST_CASE("sweep: duplicates are named by their rows") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 100).with_id();
  const Program program = view.program();
  std::vector<SourceRow> rows(5);
  rows[0].id = 3;
  rows[0].t = 9;
  rows[1].id = 3;  // Earlier, so this one stays.
  rows[1].t = 1;
  rows[3].id = 3;
  rows[3].t = 1;
  rows[4].k = 2;  // Another entity.
  rows[4].id = 3;
  const auto events = event_columns(program, to_batch(view.schema, rows), "the rows");
  REQUIRE(events.has_value());
  const auto result = sweep(program, *events, reads_of(program, *events));
  REQUIRE(result.has_value());
  CHECK(result->duplicates == std::vector<std::int64_t>{0, 3});
  CHECK(result->features[0].values<std::int64_t>()[0] == 2);
}

TEST_CASE("sweep: no events, no reads, no keys") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 100).aggregate("s", Kind::kDouble, "sum(x)", 9);
  const Program program = view.program();
  const auto none = event_columns(program, to_batch(view.schema, {}), "the rows");
  REQUIRE(none.has_value());
  const auto nothing = sweep(program, *none, reads_of(program, *none));
  REQUIRE(nothing.has_value());
  CHECK(nothing->features[0].length() == 0);
  std::vector<SourceRow> rows(2);
  rows[1].k = std::nullopt;
  const auto some = event_columns(program, to_batch(view.schema, rows), "the rows");
  const auto unknown = sweep(program, *none, reads_of(program, *some));
  REQUIRE(unknown.has_value());
  CHECK(show(value_at(unknown->features[0], 0)) == "0");
  CHECK(unknown->features[0].is_null(1));  // A null key gives null, counts too.
  CHECK(unknown->statuses == std::vector<Status>{Status::kNotFound, Status::kNotFound});
  const auto dropped = sweep(program, *some, reads_of(program, *some));
  CHECK(dropped->events_without_key == 1);
}

TEST_CASE("sweep: says which column does not fit, and stops when cancelled") {
  ViewBuilder view;
  view.aggregate("n", Kind::kDouble, "sum(x)", 100);
  const Program program = view.program();
  const auto batch = to_batch(view.schema, many_rows(10));
  auto events = event_columns(program, batch, "the rows");
  REQUIRE(events.has_value());
  const ReadColumns reads = reads_of(program, *events);
  CancelFlag cancel;
  cancel.set();
  const auto stopped = sweep(program, *events, reads, {1, &cancel});
  REQUIRE(!stopped);
  CHECK(stopped.error().code() == ErrorCode::kInterrupted);
  EventColumns wrong = *events;
  wrong.inputs[0] = wrong.keys[0];
  CHECK(sweep(program, wrong, reads).error().message() == "column \"x\" is INT64, not DOUBLE");
  table::ColumnBuilder times({Kind::kTimestamp});
  for (int i = 0; i < 9; ++i) times.append_integer(i);
  times.append_null();
  wrong = *events;
  wrong.time = times.finish();
  CHECK(sweep(program, wrong, reads).error().message() ==
        "the time of an event is null: column \"t\", row 10");
  CHECK(!event_columns(program, table::Batch(), "an empty file"));
}

}  // namespace rtml::feature
