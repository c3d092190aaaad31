// `rtml stream run`: keeps the state of feature views up to date from streams.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kStreamRun;

}  // namespace rtml::cli::commands
