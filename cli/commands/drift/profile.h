// `rtml drift profile`: keep what a table looks like, for later checks.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kDriftProfile;

}  // namespace rtml::cli::commands
