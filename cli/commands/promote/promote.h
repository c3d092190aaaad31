// `rtml promote`: moves an alias to a version.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPromote;

}  // namespace rtml::cli::commands
