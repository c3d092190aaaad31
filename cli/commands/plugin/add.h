// `rtml plugin add`: pins a plugin of the user's.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPluginAdd;

}  // namespace rtml::cli::commands
