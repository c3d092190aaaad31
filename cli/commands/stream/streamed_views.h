// Which views a stream command is about, and how their parts are reported.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cli/command.h"
#include "cli/report.h"
#include "core/project/project.h"
#include "core/stream/snapshot.h"

namespace rtml::cli::commands {

// The views named, or with --all every view in use whose source has a stream; all too where neither
// is given and that is the default. Fails with kUsage if neither or both are given,
// kUnknownReference for a view that there is not.
Result<std::vector<const project::FeatureView*>> streamed_views(const Arguments& arguments,
                                                                const project::Project& project,
                                                                bool is_all_default = false);

// A part as JSON; what is not known is null. `now_us` is what delays are measured against.
Json part_json(const stream::PartSnapshot& part, std::int64_t now_us);

// "2026-01-01T00:00:00Z", or "-" for no time.
std::string shown_time(std::int64_t time_us);

}  // namespace rtml::cli::commands
