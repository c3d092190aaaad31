// `rtml init`: starts a project from a template.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kInit;

}  // namespace rtml::cli::commands
