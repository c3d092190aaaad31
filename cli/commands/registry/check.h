// `rtml registry check`: whether the registry is what its log says.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kRegistryCheck;

}  // namespace rtml::cli::commands
