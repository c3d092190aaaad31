// One aggregate over values by hand, read from a window and through accumulators.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/feature/accumulator.h"
#include "core/feature/aggregate.h"

namespace rtml::feature {

// The row of the table. Fails the test if there is none.
const AggregateRow& aggregate_named(const std::string& name);

// Events of one slot, in their order, with their own memory.
class AggregateBench {
 public:
  explicit AggregateBench(table::Kind kind) : kind_(kind) {}

  // Adds an event after the others. `number` is the value of fixed widths, rounded where the kind
  // is integer; a missing one is null.
  void add(std::int64_t time_us, std::optional<double> number);
  void add_integer(std::int64_t time_us, std::int64_t integer);
  void add_text(std::int64_t time_us, const std::string& text);

  std::size_t size() const { return times_.size(); }

  // The aggregate of all events, in the window's way.
  std::string read(const std::string& name, const AggregateParameters& parameters = {}) const;

  // An accumulator of the events that `takes` says, added in that order.
  std::unique_ptr<Accumulator> accumulated(const AggregateRow& row,
                                           const AggregateParameters& parameters,
                                           const std::vector<std::size_t>& events) const;
  table::Kind kind() const { return kind_; }

 private:
  SlotView view() const;

  table::Kind kind_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint8_t> valid_;
  std::vector<std::int64_t> integers_;
  std::vector<double> numbers_;
  std::vector<std::string> texts_;
};

// What an accumulator reads, as AggregateBench::read() shows it.
std::string show_read(const Accumulator& accumulator);
std::string bytes_of(const Accumulator& accumulator);

}  // namespace rtml::feature
