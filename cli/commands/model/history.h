// `rtml model history`: what happened to a model, and why.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kModelHistory;

}  // namespace rtml::cli::commands
