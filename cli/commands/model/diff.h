// `rtml model diff`: what differs between two versions.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kModelDiff;

}  // namespace rtml::cli::commands
