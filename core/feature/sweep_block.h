// A block of the sweep: some whole entities, their events and reads in order, as plain arrays that
// fit the cache. Internal to core/feature.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/feature/aggregate.h"
#include "core/feature/exact_sum.h"
#include "core/feature/large_vector.h"

namespace rtml::feature {

// Positions in a block fit 32 bits; a block of more events is refused before it is made.
using Position = std::int32_t;

// The events that a window's aggregate takes, summed up from the start of the block, so that any
// window is a difference. Position i stands before event i.
struct Prefix {
  std::size_t slot = kNone;
  std::size_t filter = kNone;

  std::vector<Position> counts;    // How many are taken before i.
  bool takes_all = false;          // They are i.
  std::vector<Position> previous;  // The last one taken before i, or -1.
  std::vector<Position> next;      // The first one taken at or after i, or the number of events.
  // The sum of those before i, modulo 2^128, in units of 2^exponent. Empty if `is_exact` is false:
  // then the values do not fit one fixed-point scale.
  std::vector<Int128> sums;
  int exponent = 0;
  bool is_exact = false;

  // Which of the different values of the events taken each event has, by the order in which they
  // are first there, and an event that has each; -1: the event is not taken.
  std::vector<Position> value_numbers;
  std::vector<Position> value_events;
  // The last event taken before i with its value, or -1, and the first one behind it, or the number
  // of events.
  std::vector<Position> equal_before;
  std::vector<Position> equal_behind;
  std::vector<Position> ranks;  // Of each event's number in `ranked`; -1: it is NaN or not taken.
  std::vector<double> ranked;   // The numbers of the events taken, ascending.
};

// The reads of a block against one window: [lows[r], highs[r]) are the events in it. Both never
// fall from one read to the next.
struct WindowReads {
  const Position* lows = nullptr;
  const Position* highs = nullptr;
};

// Values of one type, in the array of its kind.
struct CellValues {
  LargeVector<std::uint8_t> valid;
  LargeVector<std::int64_t> integers;
  LargeVector<double> numbers;
  LargeVector<std::string_view> views;
  LargeVector<table::Value> lists;  // Of the cells that are lists.
};

// What one cell gives, one value a read of the block: a part of CellValues.
struct CellSpans {
  std::span<std::uint8_t> valid;
  std::span<std::int64_t> integers;
  std::span<double> numbers;
  std::span<std::string_view> views;
  std::span<table::Value> lists;
};

// One cell of one block to compute. `values` and `filter` may be null, as in KeptWindow.
struct SweepTask {
  std::size_t events = 0;
  std::size_t reads = 0;
  const SlotView* values = nullptr;
  const SlotView* filter = nullptr;
  const std::int64_t* times_us = nullptr;  // Of the events.
  const AggregateParameters* parameters = nullptr;
  Prefix* prefix = nullptr;  // Of the slot and the filter; what it lacks is made on first use.
  WindowReads window;
  CellSpans result;
  // Its lists outlive the sweep, and what aggregates leave behind is counted there.
  ReadMemory* memory = nullptr;
};

// Whether event i passes the filter and its value is not null.
inline bool takes(const SweepTask& task, std::size_t i) {
  return (task.filter == nullptr || task.filter->is_true(i)) &&
         (task.values == nullptr || task.values->valid[i] != 0);
}

}  // namespace rtml::feature
