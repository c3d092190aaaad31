// `rtml version`: which rtml this is.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kVersion;

}  // namespace rtml::cli::commands
