// `rtml help`: the page of a command, or of a topic.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kHelp;

}  // namespace rtml::cli::commands
