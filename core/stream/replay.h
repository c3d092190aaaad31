// Applies dead letters again after what was wrong is put right, each at most once.
//
// A replayed event goes into a part of its own beside that of its partition, because the partition
// has long gone on; a read merges the parts. Which origins were replayed is stored in the same
// transaction as their effect, or, where the store does not commit atomically, after a plan that is
// finished first by whoever replays next (replay_plan.h); so a letter may stand in files any number
// of times.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/dataset/training_set.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"

namespace rtml::stream {

struct ReplayOptions {
  std::vector<std::filesystem::path> files;  // Lines of dead letters.
  std::string source;  // Not empty: also what the store holds of this source and has not exported.
  std::string filter;  // Not empty: letters of this reason, or whose detail contains it.
  bool dry_run = false;
};

struct ReplayReport {
  std::int64_t lines = 0;
  std::int64_t unreadable_lines = 0;  // Such as the rest that a killed process left.
  std::int64_t filtered = 0;          // Left out by the filter, or late events.
  std::int64_t other_versions = 0;    // Of views that are gone or have changed since.
  std::int64_t already_replayed = 0;  // Origins that were there before, or twice in the files.
  std::int64_t applied = 0;
  std::int64_t duplicates = 0;  // Events whose id was there.
  std::int64_t before_cutover = 0;
  std::int64_t refused = 0;  // Still no event that can be applied.
  // Why, for the first of each kind: "transactions/0/1234: $.amount: missing".
  std::vector<std::string> refusals;
};

// Fails with kNotFound for a file that is not there, kDataCorrupt if a replay that was interrupted
// cannot be finished, and as the store does.
Result<ReplayReport> replay(const ReplayOptions& options, plugin::OnlineStore& store,
                            const Clock& clock, const dataset::BuildContext& context);

}  // namespace rtml::stream
