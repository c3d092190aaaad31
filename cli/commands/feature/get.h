// `rtml feature get`: reads features of entities from the online store.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureGet;

}  // namespace rtml::cli::commands
