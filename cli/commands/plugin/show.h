// `rtml plugin show`: one plugin.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPluginShow;

}  // namespace rtml::cli::commands
