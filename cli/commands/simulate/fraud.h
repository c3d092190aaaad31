// `rtml simulate fraud`: card transactions with frauds, to a file or as a stream.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kSimulateFraud;

}  // namespace rtml::cli::commands
