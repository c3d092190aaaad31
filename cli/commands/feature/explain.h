// `rtml feature explain`: which events made a value.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureExplain;

}  // namespace rtml::cli::commands
