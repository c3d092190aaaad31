// `rtml register`: makes a version of a model from a run or a file.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kRegister;

}  // namespace rtml::cli::commands
