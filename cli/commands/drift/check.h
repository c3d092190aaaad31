// `rtml drift check`: do current rows still look like the reference.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kDriftCheck;

}  // namespace rtml::cli::commands
