// `rtml predict`: scores a table by a registered model.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kPredict;

}  // namespace rtml::cli::commands
