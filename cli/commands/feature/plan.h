// `rtml feature plan`: what `feature apply` would change.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeaturePlan;

}  // namespace rtml::cli::commands
