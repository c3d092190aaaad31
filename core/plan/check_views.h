// Whether the features of a project compile.

#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dataset/training_set.h"

namespace rtml::plan {

// Compiles every feature view, and the versions that services name, against the columns of its
// source. Fails with the errors of all views at once, each at its place in its file. A source
// without data yet, or with a stream alone, has no columns to check against: its views are parsed
// only, and a warning per source says so.
Result<std::vector<std::string>> check_views(const dataset::BuildContext& context);

}  // namespace rtml::plan
