// `rtml pipeline export`: writes a pipeline in the form of another orchestrator.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPipelineExport;

}  // namespace rtml::cli::commands
