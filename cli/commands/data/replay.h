// `rtml data replay`: applies dead letters again after what was wrong is put right.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kDataReplay;

}  // namespace rtml::cli::commands
