// `rtml config show`: the configuration that counts here.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kConfigShow;

}  // namespace rtml::cli::commands
