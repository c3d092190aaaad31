// `rtml model show`: one model or one version.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kModelShow;

}  // namespace rtml::cli::commands
