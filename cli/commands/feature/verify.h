// `rtml feature verify`: feature values against their recomputation from the source.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureVerify;

}  // namespace rtml::cli::commands
