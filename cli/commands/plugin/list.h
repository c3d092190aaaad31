// `rtml plugin list`: what plugins there are.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPluginList;

}  // namespace rtml::cli::commands
