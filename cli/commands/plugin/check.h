// `rtml plugin check`: runs the conformance suites on a plugin.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPluginCheck;

}  // namespace rtml::cli::commands
