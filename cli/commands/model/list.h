// `rtml model list`: models, their versions and aliases.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kModelList;

}  // namespace rtml::cli::commands
