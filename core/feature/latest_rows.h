// The latest event of each read's entity: the sweep of views without any aggregation, in one pass
// over events and reads in the order of their times.
//
// It holds to sweep() bit for bit, and gives up where it cannot: see can_answer(). A value is
// looked up when it is asked for, so it takes 4 bytes a read beside the events. Used by one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/result.h"
#include "core/feature/sweep.h"

namespace rtml::feature {

struct CellValues;

class EntityIndex;

class LatestRows {
 public:
  // Whether a program is such a view.
  static bool serves(const Program& program);

  // REQUIRES: serves(program). The program must outlive the object.
  explicit LatestRows(const Program& program) : program_(program) {}

  // Events and reads in batches, as sweep() takes them; `reads(i)` gives batch i when it is needed.
  // The values of events are kept, reads are not. Fails as sweep() does.
  using Reads = std::function<ReadColumns(std::size_t)>;
  rtml::Status compute(const std::vector<EventColumns>& events, std::size_t read_batches,
                       const Reads& reads, const SweepOptions& options);

  // Whether compute() came to an end. It gives up where sweep() has to decide: times that fall from
  // row to row, two events of one entity at one time, ids that do not rise from event to event.
  bool can_answer() const { return can_answer_; }

  // The features of the reads [start, start + count) in the order in which they were given.
  std::vector<table::Column> features(std::int64_t start, std::int64_t count) const;

 private:
  bool are_in_order(const std::vector<EventColumns>& events) const;
  Result<bool> place_reads(const std::vector<EventColumns>& events, std::size_t read_batches,
                           const Reads& reads, const EntityIndex& index,
                           const SweepOptions& options);
  std::uint32_t place_of(std::int32_t entity, std::int64_t time_us,
                         const std::vector<std::uint32_t>& latest,
                         const std::vector<std::int64_t>& latest_us) const;
  // Calls `take(i, source, row)` for each of `count` reads that has a value, where `values_of`
  // gives the source of a batch; marks the others in values.valid and returns whether there are
  // any.
  template <typename ValuesOf, typename Take>
  bool each_value(const Cell& cell, std::int64_t start, std::int64_t count, CellValues& values,
                  const ValuesOf& values_of, const Take& take) const;
  table::Column gather(const Cell& cell, std::int64_t start, std::int64_t count) const;

  const Program& program_;
  std::vector<std::vector<std::int32_t>> entities_;  // Of the events, while computing.
  std::vector<std::vector<table::Column>> slots_;    // Of each batch of events.
  // Of each read: its event, as batch << shift_ | row, or a mark that there is none.
  std::vector<std::uint32_t> latest_;
  int shift_ = 0;
  bool can_answer_ = false;
};

}  // namespace rtml::feature
