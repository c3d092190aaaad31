// Backfills by intervals: a directory with a file for each half-open interval of time, which grows
// run by run and knows what each of its files was computed from (docs/formats/intervals.md).
//
// The rows are those of materialize(), each in the file of its interval, in the same order. One
// pass over the source serves all intervals that are to be computed. Used by one thread, which
// starts others.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/input_hash.h"
#include "core/dataset/interval_directory.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::dataset {

struct IntervalOptions {
  std::filesystem::path directory;
  // What the features are of: "view" or "service", and its name.
  std::string kind;
  std::string name;
  std::int64_t interval_us = 0;
  std::int64_t every_us = 0;  // As in MaterializeOptions.
  // Multiples of the interval. Nothing: from the first event; up to the end of the interval of the
  // last event, but of no interval that is not over at `now_us`.
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;
  std::int64_t now_us = 0;
  // Computes intervals again whose input is no longer what it was.
  bool refresh = false;
  bool dry_run = false;  // Computes and writes nothing.
};

// Why an interval is computed.
enum class IntervalReason : std::uint8_t {
  kMissing,     // There is no file yet, or it is gone.
  kDefinition,  // The features are defined otherwise now.
  kInput,       // Its input changed, and --refresh was given.
};
std::string_view to_string(IntervalReason reason);  // "missing", "definition", "input".

struct IntervalReport {
  struct Written {
    TimeRange interval;
    IntervalReason reason = IntervalReason::kMissing;
    std::string file;  // Empty in a dry run.
    std::int64_t rows = 0;
  };
  std::vector<Written> written;
  TimeRange range;        // From the first interval looked at to the last one; empty: none.
  std::int64_t kept = 0;  // Intervals of the range that stay as they are.
  // Intervals of the directory outside the range whose features are defined otherwise now.
  std::int64_t outdated = 0;
  std::int64_t rows = 0;  // That were written.
  std::int64_t duplicates = 0;
  JoinEffort effort;
};

// Computes what is missing. Fails with kBadOptionValue if the interval is no part of a day and no
// days, or a bound is not one of an interval; kBusy while another process does the same; as
// IntervalDirectory::open() and materialize() do. Whatever it fails with, intervals that were
// finished are kept, and the next run goes on behind them.
Result<IntervalReport> materialize_intervals(std::span<const project::ServiceColumn> features,
                                             const IntervalOptions& options,
                                             const BuildContext& context);

// The hash of what features mean, and of the moments they are asked for.
std::string definition_of(std::span<const project::ServiceColumn> features, std::int64_t every_us,
                          const project::Project& project);

// What the intervals of files are computed from now, in their order. Fails as reading the source
// does.
Result<std::vector<InputHashes::Input>> inputs_of(std::span<const project::ServiceColumn> features,
                                                  const std::vector<TimeRange>& intervals,
                                                  std::int64_t every_us,
                                                  const BuildContext& context);

}  // namespace rtml::dataset
