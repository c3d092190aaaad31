// `rtml registry log`: the event log.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kRegistryLog;

}  // namespace rtml::cli::commands
