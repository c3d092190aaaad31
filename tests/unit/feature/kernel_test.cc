// The rules of docs/features.md, each by hand.

#include "core/feature/kernel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;

// A kernel with one state, and rows fed into it.
class Bench {
 public:
  explicit Bench(const ViewBuilder& builder, const std::vector<SourceRow>& rows = {})
      : schema_(builder.schema),
        program_(builder.program()),
        kernel_(program_),
        state_(kernel_.make_state()) {
    for (const SourceRow& row : rows) update(row);
  }

  bool update(const SourceRow& row) {
    const auto [events, owned] = event(row);
    return kernel_.update(state_, owned.event) == UpdateOutcome::kApplied;
  }

  // The features at t, "7 null" style, and what the first one's status is.
  std::string read(std::int64_t t) { return text_of(kernel_.read(state_, t)); }
  std::string read_with(const SourceRow& row, std::int64_t t) {
    const auto [events, owned] = event(row);
    return text_of(kernel_.read_with_event(state_, owned.event, t));
  }
  std::vector<Status> statuses(std::int64_t t) { return kernel_.read(state_, t)->statuses; }
  std::int64_t overflows(std::int64_t t) { return kernel_.read(state_, t)->overflows; }

  Kernel& kernel() { return kernel_; }
  State& state() { return state_; }

 private:
  std::pair<EventColumns, OwnedEvent> event(const SourceRow& row) const {
    auto events = event_columns(program_, to_batch(schema_, {row}), "the row");
    REQUIRE(events.has_value());
    OwnedEvent owned = event_of(*events, 0);
    return {std::move(*events), std::move(owned)};
  }

  static std::string text_of(const Result<Row>& row) {
    if (!row) return row.error().message();
    std::string text;
    for (const table::Value& value : row->values) {
      text += text.empty() ? "" : " ";
      if (value.is_number()) {
        char buffer[40];
        std::snprintf(buffer, sizeof buffer, "%.17g", value.number());
        text += buffer;
      } else {
        text += show(value);
      }
    }
    return text;
  }

  table::Schema schema_;
  Program program_;
  Kernel kernel_;
  State state_;
};

SourceRow at(std::int64_t t) {
  SourceRow row;
  row.t = t;
  return row;
}
SourceRow at(std::int64_t t, double x) {
  SourceRow row = at(t);
  row.x = x;
  return row;
}

}  // namespace

TEST_CASE("Kernel: a window is (t - size, t], delayed windows shift both ends") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10).aggregate("d", Kind::kInt64, "count", 10, 5);
  Bench bench(view, {at(100), at(110)});
  CHECK(bench.read(99) == "0 0");
  CHECK(bench.read(100) == "1 0");  // An event at t counts.
  CHECK(bench.read(104) == "1 0");
  CHECK(bench.read(105) == "1 1");  // An event at t - delay counts.
  CHECK(bench.read(109) == "1 1");
  CHECK(bench.read(110) == "1 1");  // The event at t - size does not.
  CHECK(bench.read(114) == "1 1");
  CHECK(bench.read(115) == "1 1");
  CHECK(bench.read(124) == "0 1");
  CHECK(bench.read(125) == "0 0");
}

TEST_CASE("Kernel: a closed-open window is [t - size, t)") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10, 0, "", true)
      .aggregate("d", Kind::kInt64, "count", 10, 5, "", true);
  Bench bench(view, {at(100)});
  CHECK(bench.read(100) == "0 0");  // The event at t does not count.
  CHECK(bench.read(101) == "1 0");
  CHECK(bench.read(105) == "1 0");
  CHECK(bench.read(106) == "1 1");
  CHECK(bench.read(110) == "1 1");  // The event at t - size does.
  CHECK(bench.read(111) == "0 1");
  CHECK(bench.read(115) == "0 1");
  CHECK(bench.read(116) == "0 0");
}

TEST_CASE("Kernel: times before 1970 are like all others") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10);
  Bench bench(view, {at(-5), at(-15), at(3)});
  CHECK(bench.read(-5) == "1");
  CHECK(bench.read(-6) == "1");
  CHECK(bench.read(4) == "2");
  CHECK(bench.read(std::numeric_limits<std::int64_t>::min()) == "0");
}

TEST_CASE("Kernel: nulls are skipped; an empty window is null, and 0 for counts") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10)
      .aggregate("nx", Kind::kInt64, "count(x)", 10)
      .aggregate("sum", Kind::kDouble, "sum(x)", 10)
      .aggregate("mean", Kind::kDouble, "mean(x)", 10)
      .aggregate("first", Kind::kDouble, "first(x)", 10)
      .aggregate("last", Kind::kDouble, "last(x)", 10);
  Bench bench(view, {at(1), at(2, 4.0), at(3, 1.0), at(4)});
  CHECK(bench.read(4) == "4 2 5 2.5 4 1");
  CHECK(bench.read(1) == "1 0 null null null null");
  CHECK(bench.read(50) == "0 0 null null null null");
  CHECK(bench.statuses(50) == std::vector<Status>{Status::kPresent, Status::kPresent,
                                                  Status::kNullValue, Status::kNullValue,
                                                  Status::kNullValue, Status::kNullValue});
}

TEST_CASE("Kernel: sums are exact and rounded once") {
  ViewBuilder view;
  view.aggregate("sum", Kind::kDouble, "sum(x)", 100)
      .aggregate("mean", Kind::kDouble, "mean(x)", 100);
  CHECK(Bench(view, {at(1, 1e100), at(2, 1), at(3, -1e100)}).read(9) == "1 0.33333333333333331");
  CHECK(Bench(view, {at(1, 0.1), at(2, 0.2), at(3, 0.3)}).read(9) ==
        "0.59999999999999998 0.19999999999999998");
  CHECK(Bench(view, {at(1, 1e308), at(2, 1e308)}).read(9) == "inf inf");
  CHECK(Bench(view, {at(1, INFINITY), at(2, -INFINITY)}).read(9) == "nan nan");
  CHECK(Bench(view, {at(1, INFINITY), at(2, 1)}).read(9) == "inf inf");
  CHECK(Bench(view, {at(1, -0.0)}).read(9) == "0 0");
  // mean = RN(RN(sum) / n) of a tiny negative sum is zero, and zero is +0.0.
  CHECK(Bench(view, {at(1, -5e-324), at(2, 0), at(3, 0)}).read(9) == "-4.9406564584124654e-324 0");
}

TEST_CASE("Kernel: an INT64 sum that does not fit is null and counted") {
  ViewBuilder view;
  view.aggregate("sum", Kind::kInt64, "sum(y)", 100)
      .aggregate("mean", Kind::kDouble, "mean(y)", 100);
  SourceRow great = at(1);
  great.y = std::numeric_limits<std::int64_t>::max();
  SourceRow one = at(2);
  one.y = 1;
  SourceRow minus = at(3);
  minus.y = -1;
  Bench bench(view, {great, one});
  CHECK(bench.read(9) == "null 4.6116860184273879e+18");
  CHECK(bench.overflows(9) == 1);
  bench.update(minus);
  CHECK(bench.read(9) == "9223372036854775807 3.0744573456182584e+18");
  CHECK(bench.overflows(9) == 0);
}

TEST_CASE("Kernel: NaN is a value and propagates, unless the source says nan: null") {
  ViewBuilder view;
  view.aggregate("min", Kind::kDouble, "min(x)", 100)
      .aggregate("max", Kind::kDouble, "max(x)", 100)
      .aggregate("sum", Kind::kDouble, "sum(x)", 100)
      .aggregate("n", Kind::kInt64, "count(x)", 100);
  const std::vector<SourceRow> rows = {at(1, 2.0), at(2, -std::nan("")), at(3, 1.0)};
  CHECK(Bench(view, rows).read(9) == "nan nan nan 3");
  CHECK(Bench(view.nan_is_null(), rows).read(9) == "1 2 3 2");
}

TEST_CASE("Kernel: a filter lets an event through only if it is true") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 100, 0, "x > 1")
      .aggregate("last", Kind::kDouble, "last(x)", 100, 0, "x < 3");
  CHECK(Bench(view, {at(1, 2.0), at(2), at(3, 1.0), at(4, 5.0)}).read(9) == "2 1");
}

TEST_CASE("Kernel: events of one moment go by created, null lowest, then id") {
  ViewBuilder view;
  view.aggregate("first", Kind::kDouble, "first(x)", 10)
      .aggregate("last", Kind::kDouble, "last(x)", 10)
      .with_created()
      .with_id();
  std::vector<SourceRow> rows = {at(5, 1.0), at(5, 2.0), at(5, 3.0), at(5, 4.0)};
  rows[0].id = 9;  // created null: first.
  rows[1].c = 7;
  rows[1].id = -3;
  rows[2].c = 7;
  rows[2].id = 10;
  rows[3].c = 6;
  rows[3].id = 20;
  std::sort(rows.begin(), rows.end(),
            [](const SourceRow& a, const SourceRow& b) { return a.x < b.x; });
  do {
    CHECK(Bench(view, rows).read(5) == "1 3");
  } while (std::next_permutation(rows.begin(), rows.end(),
                                 [](const auto& a, const auto& b) { return a.x < b.x; }));
}

TEST_CASE("Kernel: without an id the bytes of the row break ties, even columns not used") {
  ViewBuilder view;
  view.aggregate("last", Kind::kDouble, "last(x)", 10);
  SourceRow one = at(5, 9.0);
  SourceRow two = at(5, 3.0);
  one.flag = false;  // "flag" is the first column by name.
  two.flag = true;
  CHECK(Bench(view, {one, two}).read(5) == "3");
  CHECK(Bench(view, {two, one}).read(5) == "3");
}

TEST_CASE("Kernel: a second event with an id is dropped and counted; the first in order stays") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 100)
      .aggregate("sum", Kind::kDouble, "sum(x)", 100)
      .with_id();
  SourceRow early = at(5, 1.0);
  SourceRow late = at(6, 2.0);
  early.id = late.id = 7;
  Bench bench(view);
  CHECK(bench.update(early));
  CHECK(!bench.update(early));
  CHECK(!bench.update(late));
  CHECK(bench.read(9) == "1 1");
  CHECK(bench.state().duplicates == 2);
  Bench reversed(view);
  CHECK(reversed.update(late));
  CHECK(reversed.update(early));
  CHECK(reversed.read(9) == "1 1");
  CHECK(reversed.state().duplicates == 1);
  // Events without an id are never the same.
  Bench without(view, {at(1, 1.0), at(1, 1.0)});
  CHECK(without.read(9) == "2 2");
}

TEST_CASE("Kernel: many events, and still no id twice") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 100'000).with_id();
  Bench bench(view);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 500; ++i) {
      SourceRow row = at(i);
      row.id = (i * 7) % 500;
      CHECK(bench.update(row) == (round == 0));
    }
  }
  CHECK(bench.read(1'000) == "500");
}

TEST_CASE("Kernel: the age of the latest event may equal the ttl, and not pass it") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 5).aggregate("sum", Kind::kDouble, "sum(x)", 50);
  view.ttl(10);
  Bench bench(view, {at(100, 1.0), at(80, 2.0)});
  CHECK(bench.read(110) == "0 3");
  CHECK(bench.statuses(110)[0] == Status::kPresent);
  CHECK(bench.read(111) == "null null");  // Counts too.
  CHECK(bench.statuses(111) == std::vector<Status>{Status::kOutsideMaxAge, Status::kOutsideMaxAge});
  CHECK(bench.read(79) == "null null");
  CHECK(bench.statuses(79)[0] == Status::kNotFound);
}

TEST_CASE("Kernel: an unknown entity has empty windows") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 5).aggregate("sum", Kind::kDouble, "sum(x)", 50);
  Bench bench(view);
  CHECK(bench.read(0) == "0 null");
  CHECK(bench.statuses(0) == std::vector<Status>{Status::kNotFound, Status::kNotFound});
  const Row row = bench.kernel().read_unknown();
  CHECK(show(row.values[0]) == "0");
  CHECK(row.values[1].is_null());
  CHECK(row.statuses[0] == Status::kNotFound);
}

TEST_CASE("Kernel: a view without aggregates is the latest row, its nulls included") {
  ViewBuilder view;
  view.column("x", Kind::kDouble).column("word", Kind::kString, "s").column("n", Kind::kInt32);
  SourceRow old = at(1, 5.0);
  old.s = "old";
  old.n = 3;
  SourceRow young = at(2);
  young.s = "young";
  Bench bench(view, {young, old});
  CHECK(bench.read(0) == "null null null");
  CHECK(bench.read(1) == "5 'old' 3");
  CHECK(bench.read(2) == "null 'young' null");
  CHECK(bench.statuses(2) ==
        std::vector<Status>{Status::kNullValue, Status::kPresent, Status::kNullValue});
}

TEST_CASE("Kernel: with as_of_created a row counts from when it was created") {
  ViewBuilder view;
  view.column("x", Kind::kDouble).aggregate("n", Kind::kInt64, "count", 100).as_of_created();
  SourceRow first = at(1, 1.0);
  first.c = 3;
  SourceRow second = at(2, 2.0);
  second.c = 10;
  SourceRow never = at(4, 4.0);  // created null.
  Bench bench(view, {first, second, never});
  CHECK(bench.read(2) == "null 0");
  CHECK(bench.read(3) == "1 1");
  CHECK(bench.read(9) == "1 1");
  CHECK(bench.read(10) == "2 2");
}

TEST_CASE("Kernel: expressions read features, the latest row and the event's time") {
  ViewBuilder view;
  view.expression("ratio", Kind::kDouble, "x / mean")
      .aggregate("mean", Kind::kDouble, "mean(x)", 10)
      .expression("busy", Kind::kBool, "twice > 2")
      .expression("twice", Kind::kInt64, "n * 2")
      .aggregate("n", Kind::kInt64, "count", 10)
      .expression("hour", Kind::kInt64, "hour_of_day(event_timestamp)");
  CHECK(Bench(view, {at(1, 1.0), at(2, 3.0)}).read(5) == "1.5 2 true 4 2 0");
}

TEST_CASE("Kernel: a feature called like the source's time hides the column, not event_timestamp") {
  ViewBuilder view;
  view.expression("t", Kind::kInt64, "hour_of_day(event_timestamp) + 1");
  CHECK(Bench(view, {at(1)}).read(5) == "1");
}

TEST_CASE("Kernel: a row outlives the state it was read from") {
  ViewBuilder view;
  view.column("s", Kind::kString).expression("u", Kind::kString, "upper(s)");
  const Program program = view.program();
  Kernel kernel(program);
  SourceRow row;
  row.s = "a text that is longer than any short string";
  const auto events = event_columns(program, to_batch(view.schema, {row}), "the row");
  auto state = std::make_unique<State>(kernel.make_state());
  kernel.update(*state, event_of(*events, 0).event);
  const auto read = kernel.read(*state, 0);
  state.reset();
  CHECK(show(read->values[0]) == "'a text that is longer than any short string'");
  CHECK(show(read->values[1]) == "'A TEXT THAT IS LONGER THAN ANY SHORT STRING'");
}

TEST_CASE("Kernel: arguments and filters may be expressions, times included") {
  ViewBuilder view;
  view.aggregate("sum", Kind::kDouble, "sum(x * 2)", 100)
      .aggregate("hour", Kind::kInt64, "max(hour_of_day(t))", 100)
      .aggregate("same", Kind::kInt64, "max(hour_of_day(event_timestamp))", 100, 0,
                 "t > timestamp('1969-12-31')");
  CHECK(Bench(view, {at(1, 1.0), at(2, 3.0)}).read(5) == "8 0 0");
}

TEST_CASE("Kernel: a request's own event is seen and not kept") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10).aggregate("sum", Kind::kDouble, "sum(x)", 10);
  Bench bench(view, {at(1, 1.0)});
  CHECK(bench.read_with(at(2, 5.0), 2) == "2 6");
  CHECK(bench.read(2) == "1 1");
}

TEST_CASE("Kernel: trimming changes no read it still allows") {
  ViewBuilder view;
  view.aggregate("n", Kind::kInt64, "count", 10, 5)
      .aggregate("open", Kind::kInt64, "count", 10, 5, "", true)
      .column("x", Kind::kDouble);
  std::vector<SourceRow> rows;
  for (int t = 0; t < 100; t += 3) rows.push_back(at(t, t));
  Bench whole(view, rows);
  Bench trimmed(view, rows);
  trimmed.kernel().trim(trimmed.state(), 60);
  CHECK(trimmed.state().events() < whole.state().events());
  for (int t = 60; t < 130; ++t) CHECK(trimmed.read(t) == whole.read(t));
  CHECK(trimmed.read(59) ==
        "cannot read view v as of 1970-01-01T00:00:00.000059Z: its state reaches back to "
        "1970-01-01T00:00:00.000060Z");
  trimmed.kernel().trim(trimmed.state(), 10'000);
  CHECK(trimmed.state().events() == 1);  // The latest row, however old.
  CHECK(trimmed.read(10'000) == "0 0 99");
}

TEST_CASE("encode_key: equal for equal keys only") {
  using table::Value;
  const auto key = [](std::vector<Value> values) { return encode_key(values); };
  CHECK(key({Value::of_integer(1)}) == key({Value::of_integer(1)}));
  CHECK(key({Value::of_text("1"), Value::of_text("23")}) !=
        key({Value::of_text("12"), Value::of_text("3")}));
  CHECK(key({Value::of_text(std::string_view("a\0", 2))}) != key({Value::of_text("a")}));
  CHECK(key({Value::of_integer(-1)}) < key({Value::of_integer(1)}));
}

}  // namespace rtml::feature
