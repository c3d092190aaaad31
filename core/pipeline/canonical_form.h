// A pipeline as orchestrators are given it: what to run, when, and what to keep between runs
// (docs/formats/pipeline.md). Equal projects give equal bytes; no path or time of a machine is in
// it.

#pragma once

#include "core/base/json.h"
#include "core/project/project.h"

namespace rtml::pipeline {

inline constexpr int kPipelineFormat = 1;

// {"format", "project", "pipeline", "description", "schedule" (five fields of cron in UTC, or
// null),
//  "state_directory" (what a run leaves for the next, relative to the project's root),
//  "steps": [{"name", "summary", "command": [words]}]}. One step runs the pipeline: its own steps
// need one process, so that a failed gate stops at once and what is unchanged is not run.
Json canonical_form(const project::Project& project, const project::Pipeline& pipeline);

}  // namespace rtml::pipeline
