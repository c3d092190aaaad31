// How long the sweep takes for a feature value, and the kernel for an event and a read.
//
// The data are like card transactions: 5,000 customers, amounts in cents, times in order.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "core/base/parallel.h"
#include "core/base/time.h"
#include "core/feature/kernel.h"
#include "core/feature/sweep.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::ColumnBuilder;
using table::Kind;

constexpr std::int64_t kRows = 500'000;
constexpr std::int64_t kCustomers = 5'000;
// The join of a dataset deals its rows by entity into parts of about so many
// (dataset/view_join.cc).
constexpr std::int64_t kPartRows = 16'384;
constexpr std::int64_t kParts = kRows / kPartRows;

table::Schema schema() {
  return table::Schema({{"customer", {Kind::kInt64}},
                        {"at", {Kind::kTimestamp}},
                        {"id", {Kind::kInt64}},
                        {"amount", {Kind::kDouble}},
                        {"fraud", {Kind::kInt64}}});
}

table::Batch make_rows() {
  std::mt19937_64 random(1);
  ColumnBuilder customer({Kind::kInt64});
  ColumnBuilder at({Kind::kTimestamp});
  ColumnBuilder id({Kind::kInt64});
  ColumnBuilder amount({Kind::kDouble});
  ColumnBuilder fraud({Kind::kInt64});
  for (std::int64_t row = 0; row < kRows; ++row) {
    customer.append_integer(static_cast<std::int64_t>(random() % kCustomers));
    at.append_integer(row * (60 * kDay / kRows));
    id.append_integer(row);
    amount.append_number(static_cast<double>(random() % 20'000) / 100);
    fraud.append_integer(random() % 100 == 0 ? 1 : 0);
  }
  std::vector<Column> columns;
  for (ColumnBuilder* builder : {&customer, &at, &id, &amount, &fraud}) {
    columns.push_back(builder->finish());
  }
  return {std::make_shared<table::Schema>(schema()), std::move(columns), kRows};
}

project::Feature aggregate(const std::string& name, const std::string& text, std::int64_t size_us,
                           Kind kind) {
  project::Feature feature;
  feature.name = name;
  feature.type = {kind};
  feature.form = project::FeatureForm::kAggregate;
  feature.aggregate.text = text;
  feature.window.emplace();
  feature.window->size_us = size_us;
  return feature;
}

// The given aggregates, each over 1, 7 and 30 days.
Program make_program(const std::vector<std::pair<std::string, Kind>>& aggregates) {
  project::FeatureView view;
  view.name = "customer";
  for (const auto& [text, kind] : aggregates) {
    for (const std::int64_t days : {1, 7, 30}) {
      view.features.push_back(
          aggregate("f" + std::to_string(view.features.size()), text, days * kDay, kind));
    }
  }
  project::Source source;
  source.name = "transactions";
  source.timestamp.column = "at";
  source.id = "id";
  const std::vector<project::EntityKey> keys = {{"customer", std::nullopt}};
  auto program = compile(view, source, keys, schema());
  if (!program) {
    std::cerr << program.error().message() << "\n";
    std::exit(1);
  }
  return std::move(*program);
}

const table::Batch& rows() {
  static const table::Batch batch = make_rows();
  return batch;
}

// The rows of every kParts-th customer.
std::vector<table::Batch> make_parts() {
  const auto customers = rows().column(0).values<std::int64_t>();
  std::vector<std::vector<std::int64_t>> rows_of(kParts);
  for (std::int64_t row = 0; row < kRows; ++row) rows_of[customers[row] % kParts].push_back(row);
  std::vector<table::Batch> parts;
  for (const std::vector<std::int64_t>& part : rows_of) parts.push_back(rows().take(part));
  return parts;
}

// Sweeps all rows: part by part, each of which stays in the cache, or at once.
void run_sweep(benchmark::State& state, const std::vector<std::pair<std::string, Kind>>& aggregates,
               int threads, bool is_whole = false) {
  static const std::vector<table::Batch> whole = {rows()};
  static const std::vector<table::Batch> parts = make_parts();
  const Program program = make_program(aggregates);
  std::vector<EventColumns> events;
  for (const table::Batch& part : is_whole ? whole : parts) {
    events.push_back(*event_columns(program, part, "the rows"));
  }
  for (auto _ : state) {
    const auto sweep_part = [&](std::size_t part) -> rtml::Status {
      const ReadColumns reads{events[part].rows, events[part].keys, events[part].time};
      auto result = sweep(program, events[part], reads, {is_whole ? threads : 1, nullptr});
      benchmark::DoNotOptimize(result);
      return {};
    };
    static_cast<void>(run_parallel(threads, events.size(), nullptr, sweep_part));
  }
  // Seconds a value, which the library prints as nanoseconds.
  state.counters["per_value"] = benchmark::Counter(
      static_cast<double>(kRows) * static_cast<double>(program.outputs.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void sweep_counts(benchmark::State& state) {
  run_sweep(state, {{"count", Kind::kInt64}}, 1);
}
void sweep_sums(benchmark::State& state) {
  run_sweep(state, {{"sum(amount)", Kind::kDouble}}, 1);
}
void sweep_extremes(benchmark::State& state) {
  run_sweep(state, {{"max(amount)", Kind::kDouble}, {"min(amount)", Kind::kDouble}}, 1);
}
const std::vector<std::pair<std::string, Kind>> kView = {{"count", Kind::kInt64},
                                                         {"mean(amount)", Kind::kDouble},
                                                         {"sum(amount)", Kind::kDouble},
                                                         {"mean(fraud)", Kind::kDouble}};
void sweep_view(benchmark::State& state) {
  run_sweep(state, kView, static_cast<int>(state.range(0)));
}
void sweep_view_whole(benchmark::State& state) {
  run_sweep(state, kView, static_cast<int>(state.range(0)), true);
}

// One customer's events, `range` of them.
State state_of(Kernel& kernel, const EventColumns& events, std::int64_t count) {
  State state = kernel.make_state();
  for (std::int64_t row = 0; row < count; ++row) {
    const std::vector<table::Value> inputs = {value_at(events.inputs[0], row)};
    kernel.update(state, {events.time.integer_at(row), {}, value_at(*events.id, row), inputs});
  }
  return state;
}

// What a request asks for: 5 windows of 10 aggregates over two columns, 50 features. In tiles of
// `resolution_us`, or exact.
Program serving_program(std::int64_t resolution_us = 0) {
  project::FeatureView view;
  view.name = "customer";
  for (const std::int64_t days : {1, 3, 7, 30, 60}) {
    for (const std::string column : {"amount", "fraud"}) {
      const Kind kind = column == "amount" ? Kind::kDouble : Kind::kInt64;
      const auto add = [&](const std::string& function, Kind type) {
        view.features.push_back(aggregate("f" + std::to_string(view.features.size()),
                                          function + "(" + column + ")", days * kDay, type));
        view.features.back().window->resolution_us = resolution_us;
      };
      add("count", Kind::kInt64);
      add("sum", kind);
      add("mean", Kind::kDouble);
      add("min", kind);
      add("max", kind);
    }
  }
  project::Source source;
  source.name = "transactions";
  source.timestamp.column = "at";
  source.id = "id";
  const std::vector<project::EntityKey> keys = {{"customer", std::nullopt}};
  auto program = compile(view, source, keys, schema());
  if (!program) {
    std::cerr << program.error().message() << "\n";
    std::exit(1);
  }
  return std::move(*program);
}

// Of the rows, `count` spread over 60 days as one customer's.
State serving_state(Kernel& kernel, const EventColumns& events, std::int64_t count) {
  State state = kernel.make_state();
  for (std::int64_t row = 0; row < kRows; row += kRows / count) {
    const std::vector<table::Value> inputs = {value_at(events.inputs[0], row),
                                              value_at(events.inputs[1], row)};
    kernel.update(state, {events.time.integer_at(row), {}, value_at(*events.id, row), inputs});
  }
  return state;
}

void kernel_serve(benchmark::State& state) {
  const Program program = serving_program();
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  const State kept = serving_state(kernel, *events, state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel.read(kept, kept.times_us.back()));
  }
}

// The same from a state that has folded 60 days into tiles of an hour, or of a day.
void kernel_serve_tiles(benchmark::State& state) {
  const Program program = serving_program(state.range(0) * kHour);
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  State kept = serving_state(kernel, *events, 10'000);
  const std::int64_t now_us = kept.times_us.back();
  kernel.trim(kept, now_us - kDay);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel.read(kept, now_us));
  }
}

void kernel_serve_with_event(benchmark::State& state) {
  const Program program = serving_program();
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  const State kept = serving_state(kernel, *events, state.range(0));
  const std::vector<table::Value> inputs = {table::Value::of_number(12.5),
                                            table::Value::of_integer(1)};
  const Event own{kept.times_us.back() + 1, {}, table::Value::of_integer(-1), inputs};
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel.read_with_event(kept, own, own.time_us));
  }
}

// One event more on a state of `range` events, trimmed so that it stays that long.
void kernel_update_in_order(benchmark::State& state) {
  const Program program = make_program({{"count", Kind::kInt64}, {"mean(amount)", Kind::kDouble}});
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  State kept = state_of(kernel, *events, state.range(0));
  const std::vector<table::Value> inputs = {table::Value::of_number(12.5)};
  std::int64_t id = kRows;
  std::int64_t time_us = kept.times_us.back();
  const State start = kept;
  std::int64_t updates = 0;
  for (auto _ : state) {
    if (++updates % 64 == 0) {
      state.PauseTiming();
      kept = start;
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(
        kernel.update(kept, {++time_us, {}, table::Value::of_integer(++id), inputs}));
  }
}

void kernel_update(benchmark::State& state) {
  const Program program = make_program({{"count", Kind::kInt64}, {"mean(amount)", Kind::kDouble}});
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  for (auto _ : state) {
    benchmark::DoNotOptimize(state_of(kernel, *events, state.range(0)));
  }
  state.counters["per_event"] = benchmark::Counter(
      static_cast<double>(state.range(0)),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void kernel_read(benchmark::State& state) {
  const Program program = make_program({{"count", Kind::kInt64}, {"mean(amount)", Kind::kDouble}});
  const auto events = event_columns(program, rows(), "the rows");
  Kernel kernel(program);
  const State kept = state_of(kernel, *events, state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel.read(kept, kept.times_us.back()));
  }
}

BENCHMARK(sweep_counts)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep_sums)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep_extremes)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep_view)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep_view_whole)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(kernel_update)->Arg(100)->Arg(1'000);
BENCHMARK(kernel_read)->Arg(100)->Arg(1'000);
BENCHMARK(kernel_update_in_order)->Arg(100);
BENCHMARK(kernel_serve)->Arg(100)->Arg(1'000);
BENCHMARK(kernel_serve_tiles)->Arg(1)->Arg(24);
BENCHMARK(kernel_serve_with_event)->Arg(1'000);

}  // namespace
}  // namespace rtml::feature

BENCHMARK_MAIN();
