// `rtml model verify`: whether the bytes of versions are what was registered.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kModelVerify;

}  // namespace rtml::cli::commands
