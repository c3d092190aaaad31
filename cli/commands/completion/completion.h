// `rtml completion`: the completion script of a shell.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kCompletion;

}  // namespace rtml::cli::commands
