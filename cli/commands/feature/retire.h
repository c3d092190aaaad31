// `rtml feature retire`: marks a version of a view or service as one that nobody is to use.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureRetire;

}  // namespace rtml::cli::commands
