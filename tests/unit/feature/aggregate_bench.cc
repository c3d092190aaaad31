#include "tests/unit/feature/aggregate_bench.h"

#include <doctest/doctest.h>

#include "core/feature/exact_sum.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {

using table::Kind;
using table::Value;

const AggregateRow& aggregate_named(const std::string& name) {
  for (const AggregateRow& row : aggregate_table()) {
    if (row.name == name) return row;
  }
  FAIL("no aggregate " << name);
  return aggregate_table().front();
}

void AggregateBench::add(std::int64_t time_us, std::optional<double> number) {
  times_.push_back(time_us);
  valid_.push_back(number ? 1 : 0);
  if (kind_ == Kind::kDouble) {
    numbers_.push_back(canonical(number.value_or(0)));
  } else if (kind_ == Kind::kString || kind_ == Kind::kBytes) {
    texts_.emplace_back();
  } else {
    integers_.push_back(static_cast<std::int64_t>(number.value_or(0)));
  }
}

void AggregateBench::add_integer(std::int64_t time_us, std::int64_t integer) {
  times_.push_back(time_us);
  valid_.push_back(1);
  integers_.push_back(integer);
}

void AggregateBench::add_text(std::int64_t time_us, const std::string& text) {
  times_.push_back(time_us);
  valid_.push_back(1);
  texts_.push_back(text);
}

SlotView AggregateBench::view() const {
  SlotView view;
  view.kind = kind_;
  view.valid = valid_.data();
  view.integers = integers_.data();
  view.numbers = numbers_.data();
  view.texts = texts_.data();
  return view;
}

std::string AggregateBench::read(const std::string& name,
                                 const AggregateParameters& parameters) const {
  const SlotView values = view();
  KeptWindow window;
  window.end = times_.size();
  window.parameters = &parameters;
  window.times_us = times_.data();
  if (!parameters.counts_events) window.values = &values;
  ReadMemory memory;
  return show(aggregate_named(name).read(window, memory));
}

std::unique_ptr<Accumulator> AggregateBench::accumulated(
    const AggregateRow& row, const AggregateParameters& parameters,
    const std::vector<std::size_t>& events) const {
  std::unique_ptr<Accumulator> accumulator = row.accumulate(kind_, parameters);
  const SlotView values = view();
  for (const std::size_t i : events) {
    const std::string tie_break = std::to_string(1'000'000 + i);
    const EventPlace place{times_[i], State::kNoCreated, tie_break};
    if (parameters.counts_events) {
      accumulator->add(Value(), place);
    } else if (valid_[i] != 0) {
      accumulator->add(values.at(i), place);
    }
  }
  return accumulator;
}

std::string show_read(const Accumulator& accumulator) {
  ReadMemory memory;
  return show(accumulator.read(memory));
}

std::string bytes_of(const Accumulator& accumulator) {
  ByteWriter writer;
  accumulator.encode(writer);
  return writer.take();
}

}  // namespace rtml::feature
