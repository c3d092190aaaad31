// `rtml feature list`: the feature views and services of the project.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureList;

}  // namespace rtml::cli::commands
