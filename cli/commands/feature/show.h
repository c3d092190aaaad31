// `rtml feature show`: one feature view or service.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureShow;

}  // namespace rtml::cli::commands
