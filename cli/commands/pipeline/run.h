// `rtml pipeline run`: runs the steps of a pipeline, none that is unchanged.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPipelineRun;

}  // namespace rtml::cli::commands
