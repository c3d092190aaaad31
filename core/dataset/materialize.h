// Materializing: the features of views at the time of every event of their source, or at every
// moment of a schedule.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/dataset/input_hash.h"
#include "core/dataset/time_range.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::dataset {

// The name of the time in what is written.
inline constexpr const char* kEventTimestamp = "event_timestamp";

struct MaterializeOptions {
  // Only rows in these ranges, which ascend and do not overlap; none: every row. Windows still see
  // the events before.
  std::vector<TimeRange> ranges;
  // 0: a row an event. Else a row for each entity that is known at a multiple of this period
  // (core/dataset/schedule_join.h); without ranges from the first event to the first multiple that
  // has seen the last one.
  std::int64_t every_us = 0;
  // Gets the input of its ranges while the source is read; may be null. Its ranges are `ranges`.
  InputHashes* inputs = nullptr;
};

struct Materialized {
  // A row an event: the keys of every view's entities, the source's id where it has one,
  // `event_timestamp`, then the features, in the source's order. Of a schedule: the keys,
  // `event_timestamp`, the features, in the order of time and keys. What is in `context` must
  // outlive it.
  std::unique_ptr<table::BatchReader> rows;
  // How many there are, all and in each of `ranges`; of a schedule that shows as they are read.
  std::optional<std::int64_t> row_count;
  std::vector<std::int64_t> range_rows;
  std::int64_t duplicates = 0;  // Events left out because their id came before.
  // What it took so far; what making `rows` takes is added while they are read.
  std::function<JoinEffort()> effort;
};

// Computes features whose views read one source, in one pass over it, or two where an id is there
// twice. Fails with kUsage if they read several, or as building a training set does; of a schedule
// with kUsage if the views have different keys or there are more moments than anyone can mean.
Result<Materialized> materialize(std::span<const project::ServiceColumn> features,
                                 const MaterializeOptions& options, const BuildContext& context);

// The same without rows: reads the source for `options.inputs` alone.
Status read_inputs(std::span<const project::ServiceColumn> features,
                   const MaterializeOptions& options, const BuildContext& context);

// The source that the views behind features read. Fails with kUsage if they read several.
Result<const project::Source*> only_source(std::span<const project::ServiceColumn> features,
                                           const BuildContext& context);

}  // namespace rtml::dataset
