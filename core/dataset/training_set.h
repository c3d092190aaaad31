// Training sets: rows that name entities and a moment, with the features as they were known then.
//
// Every value is the feature program's read at the row's time, so a training set sees what serving
// would have seen. N rows in give N rows out, in their order, duplicates kept; where nothing
// matches the features are null (design: point-in-time join). Nothing here writes files or the
// registry. Each call is used by one thread; the objects of a BuildContext must outlive it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/table/batch.h"

namespace rtml::project {
class Project;
struct Pipeline;
struct ServiceColumn;
struct OnDemandColumn;
}  // namespace rtml::project
namespace rtml::plugin {
class PluginHost;
}
namespace rtml::lineage {
struct Lineage;
}

namespace rtml::dataset {

// What building a training set reads from. `plugins` is used to scan sources.
struct BuildContext {
  const project::Project& project;
  plugin::PluginHost& plugins;
  Progress& progress;
  const CancelFlag& cancel;
  int threads = 1;  // Results do not depend on it.
  // What rows and events may take of memory while features are computed, about; 0: all there is.
  // Beyond it they go into nameless files of the project's .rtml. Results do not depend on it.
  std::int64_t memory_limit_bytes = 0;
  const Clock* clock = nullptr;  // For how long things take; may be null: then they take no time.
  // Of the project and of this rtml, for the manifest; may be null and empty.
  const lineage::Lineage* lineage = nullptr;
  std::string_view rtml_version = {};

  std::int64_t monotonic_us() const { return clock == nullptr ? 0 : clock->monotonic_us(); }
};

struct BuildOptions {
  // The column of the moment each row asks for; TIMESTAMP.
  std::string timestamp_column = "event_timestamp";
  // Keeps a feature that would know the label before it is mature.
  bool allow_leak = false;
  // Where given, build_from_file() gives the rows to it as they are made, instead of keeping them
  // in TrainingSet::rows.
  std::function<Status(table::BatchReader&)> write;
  // Features computed from the rows that ask, which come after the others. Of a pipeline they are
  // those of its service.
  std::span<const project::OnDemandColumn> on_demand = {};
  // Only rows with from <= time < to; microseconds. Of label rows from a source only.
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;
};

// What it took to compute features, for the report.
struct JoinEffort {
  std::int64_t read_us = 0;     // Waiting for the stores' rows, on the wall.
  std::int64_t compute_us = 0;  // Everything else, without writing.
  std::int64_t events_without_key = 0;
  std::int64_t overflows = 0;      // INT64 sums that did not fit and are null.
  std::int64_t spilled_bytes = 0;  // Put into temporary files, because memory is limited.
};

struct TrainingSet {
  // The columns of the rows that asked, in their order, then the features. One batch, in memory;
  // without a row where they were given to BuildOptions::write.
  table::Batch rows;
  std::int64_t row_count = 0;
  bool is_written = false;  // By BuildOptions::write.
  // Names of the feature columns of `rows`, in the order asked for.
  std::vector<std::string> feature_columns;
  std::string timestamp_column;
  std::string label_column;  // Empty if the rows bring no label that rtml knows of.
  // How to make the same rows again and how to tell that they are the same: format version, inputs
  // with their sha256, git commit, identities of views and service, columns, row count, label rows
  // left out, `content_sha256` of the logical content (docs/formats/manifest.md). No machine or
  // time.
  Json manifest = Json::object();
  JoinEffort effort;
};

// Builds the training set of a pipeline from the events of its label source: one row an event whose
// label is not null and mature. A label is mature when event time + maturity is not after the
// latest event of the source, for the source cannot know more than that. The rows are in
// order of time and id and have the service's entity keys, the source's id where it has one,
// `event_timestamp`, the label and the features. Fails with kLabelLeak if a feature is computed
// from the label column with a delay shorter than the label's maturity, kDataEmpty if no row is
// left, or with what reading the sources fails with.
Result<TrainingSet> build_training_set(const project::Pipeline& pipeline,
                                       const BuildOptions& options, const BuildContext& context);

// Adds features to rows that are in memory: the columns of Project::columns_of() a service, or of
// Project::resolve_features(). `what` says whose rows they are in errors, usually the path.
// Fails with kDataMissingColumn if a key or the timestamp is absent, kDataWrongType if a key is a
// string where the source has an integer or the other way round, kDataBadValue if a feature's name
// is taken (the help proposes full names).
Result<TrainingSet> add_features(const table::Batch& rows, std::string_view what,
                                 std::span<const project::ServiceColumn> features,
                                 const BuildOptions& options, const BuildContext& context);

// Reads an entity file (Parquet, CSV or JSONL, by its ending) and adds features to its rows. The
// file is an input of the manifest.
Result<TrainingSet> build_from_file(const std::filesystem::path& entities,
                                    std::span<const project::ServiceColumn> features,
                                    const BuildOptions& options, const BuildContext& context);

// Returns the SHA-256 of the logical content of rows: names, types, values and nulls in row order,
// whatever the batches, buffers or file format. NaNs are one value, -0 is not 0.
// `threads` do not change it.
std::string content_sha256(const table::Batch& rows, int threads = 1);

}  // namespace rtml::dataset
