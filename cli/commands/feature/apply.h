// `rtml feature apply`: registers the project's definitions.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureApply;

}  // namespace rtml::cli::commands
