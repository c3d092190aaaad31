// `rtml config trust`: which directories the user trusts.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kConfigTrust;

}  // namespace rtml::cli::commands
