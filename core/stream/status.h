// How far streams have come, read from the online store: also while another process runs.

#pragma once

#include <span>
#include <vector>

#include "core/dataset/training_set.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"
#include "core/stream/snapshot.h"

namespace rtml::stream {

struct StatusOptions {
  // Ask the medium where its partitions end now; where it does not answer, what the last commit
  // knew is shown.
  bool asks_medium = true;
  std::int64_t medium_deadline_us = 0;  // Of the monotonic clock.
};

// One snapshot a view version × partition that was ever fed, in the order of views, sources and
// partitions; a view that was never streamed has none. Fails as the store does.
Result<std::vector<PartSnapshot>> read_status(std::span<const project::FeatureView* const> views,
                                              const StatusOptions& options,
                                              plugin::OnlineStore& store,
                                              const dataset::BuildContext& context);

}  // namespace rtml::stream
