// Materializing: the features of views at the time of every event of their source.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::dataset {

// The name of the time in what is written.
inline constexpr const char* kEventTimestamp = "event_timestamp";

struct MaterializeOptions {
  // Only rows with from <= time < to; their windows still see the events before.
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;
};

struct Materialized {
  // The keys of every view's entities, the source's id where it has one, `event_timestamp`, then
  // the features. One row an event, in the source's order. What is in `context` must outlive it.
  std::unique_ptr<table::BatchReader> rows;
  std::int64_t row_count = 0;
  std::int64_t duplicates = 0;  // Events left out because their id came before.
  // What it took so far; what making `rows` takes is added while they are read.
  std::function<JoinEffort()> effort;
};

// Computes features whose views read one source, in one pass over it. Fails with kUsage if they
// read several, or as building a training set does.
Result<Materialized> materialize(std::span<const project::ServiceColumn> features,
                                 const MaterializeOptions& options, const BuildContext& context);

}  // namespace rtml::dataset
