// `rtml abtest analyze`: what an experiment says.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kAbtestAnalyze;

}  // namespace rtml::cli::commands
