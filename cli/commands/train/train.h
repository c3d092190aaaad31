// `rtml train`: trains the model of a pipeline.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kTrain;

}  // namespace rtml::cli::commands
