// `rtml rollback`: moves an alias back.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kRollback;

}  // namespace rtml::cli::commands
