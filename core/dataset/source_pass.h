// One pass over the events of a source.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/dataset/source_set.h"
#include "core/dataset/training_set.h"

namespace rtml::dataset {

struct SourcePass {
  std::int64_t rows = 0;
  // The times of the earliest and the latest event; nothing where there is none.
  std::optional<std::int64_t> first_us;
  std::optional<std::int64_t> last_us;
  bool may_repeat = false;   // EventWatch: an id may be there twice.
  std::int64_t read_us = 0;  // Waiting for the store's rows, on the wall.
};

// Gives the batches of a source, with the columns that are wanted, to `take`: first one without
// rows, so that a source without events has columns too. Shows progress. Fails as event_rows(),
// `take` and the store do, and with kInterrupted.
Result<SourcePass> read_events(const project::Source& source, SourceSet& sources,
                               const BuildContext& context,
                               const std::function<Status(const table::Batch&)>& take);

}  // namespace rtml::dataset
