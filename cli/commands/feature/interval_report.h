// `feature materialize --interval`: a directory of files that grows interval by interval, and
// `feature verify --intervals`, which looks at what they were computed from.

#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/session.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::cli::commands {

// Computes the intervals that are missing and says which those were.
Result<Report> write_intervals(const Arguments& arguments,
                               const std::vector<project::ServiceColumn>& features,
                               Session& session, const dataset::BuildContext& context);

// Compares the intervals of --intervals with what the source and the definitions are now.
Result<Report> verify_intervals(const Arguments& arguments, Session& session,
                                const dataset::BuildContext& context);

}  // namespace rtml::cli::commands
