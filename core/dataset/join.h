// Rows that ask, brought together with the features of several views.

#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/source_set.h"
#include "core/dataset/training_set.h"
#include "core/feature/sweep.h"
#include "core/project/project.h"

namespace rtml::dataset {

using Features = std::span<const project::ServiceColumn>;

// Compiled views, in the order of their names: what comes first must not depend on memory.
struct ByName {
  bool operator()(const project::FeatureView* a, const project::FeatureView* b) const {
    return a->name < b->name;
  }
};
using Programs = std::map<const project::FeatureView*, feature::Program, ByName>;

// Compiles the views of `features`; `sources` then wants what they need. Fails with the errors of
// every view.
Result<Programs> compile_views(Features features, SourceSet& sources);

// Where a feature is among the outputs of its program.
std::size_t output_index(const feature::Program& program, const std::string& feature);

// Returns the columns of `rows`, then those of `features`, one row for each of `rows`, in their
// order. Fails with kDataBadValue if a feature's name is taken, and as read_features() does.
Result<table::Batch> join(const table::Batch& rows, std::string_view what, Features features,
                          const Programs& programs, const std::string& timestamp_column,
                          SourceSet& sources, const BuildContext& context);

// The columns that say which event a row is, as the source calls them and none twice: the keys of
// every view, the id, the time; of a union which source it is of, too.
std::vector<std::string> event_columns_of(const project::Source& source, Features features,
                                          const Programs& programs);

// Takes `columns` out of a source's batch. The source's time gets the name `timestamp_column`, what
// a union says of its events the names kEventSource and kEventId.
Result<table::Batch> select_columns(const project::Source& source, const table::Batch& events,
                                    const std::vector<std::string>& columns,
                                    const std::string& timestamp_column);

// Takes `columns` of the rows named by `kept` out of a source's batch. The source's time gets the
// name `timestamp_column`. Rows that are one whole run are not copied.
Result<table::Batch> select_rows(const project::Source& source, const table::Batch& events,
                                 const std::vector<std::string>& columns,
                                 const std::vector<std::int64_t>& kept,
                                 const std::string& timestamp_column);

}  // namespace rtml::dataset
