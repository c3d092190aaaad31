// Keeps the state of feature views up to date from streams, exactly once (docs/streams.md).
//
// One thread a source reads and decodes; the calling thread applies and commits. Results depend on
// the messages alone, never on how they fall into batches.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/dataset/training_set.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"
#include "core/stream/delay_histogram.h"
#include "core/stream/snapshot.h"

namespace rtml::stream {

struct RunOptions {
  bool once = false;                         // End when nothing has come for a second.
  std::optional<std::int64_t> duration_us;   // End after this time.
  std::optional<std::int64_t> max_retry_us;  // Give up after so long without success.
  bool from_beginning = false;               // Forget what is kept and read it anew.
  bool is_standard_input = false;            // Messages are the lines of standard input.
  std::filesystem::path metrics_file;        // Empty: none.
  std::int64_t process = 0;                  // As `stream status` shows it.
};

struct RunReport {
  std::vector<PartSnapshot> parts;
  std::int64_t messages = 0;
  std::int64_t commits = 0;
  std::int64_t retries = 0;
  DelayHistogram delays;     // How old events were when they could be read.
  bool was_stopped = false;  // By a signal; everything applied is stored.
  std::vector<std::string> warnings;
};

struct RunClocks {
  const Clock& time;   // What time it is.
  const Clock& waits;  // What waiting is counted by; the plugins' deadlines are of this one.
};

// Runs until the streams end, the options say so, or the context's cancel flag is set; whatever
// ends it, what was applied is committed before. Fails with an error of exit class kRetry when
// store or medium stayed away for `max_retry_us`, kEpochStale when another process has taken the
// partitions over, and as compiling views, opening streams and writing the store do.
Result<RunReport> run(std::span<const project::FeatureView* const> views, const RunOptions& options,
                      plugin::OnlineStore& store, const RunClocks& clocks,
                      const dataset::BuildContext& context);

}  // namespace rtml::stream
