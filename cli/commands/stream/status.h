// `rtml stream status`: how far streams have come.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kStreamStatus;

}  // namespace rtml::cli::commands
