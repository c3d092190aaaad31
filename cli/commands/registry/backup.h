// `rtml registry backup`: a copy that can take its place.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kRegistryBackup;

}  // namespace rtml::cli::commands
