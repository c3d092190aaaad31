// `rtml feature materialize`: computes features of past events, into a file or the online store.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kFeatureMaterialize;

}  // namespace rtml::cli::commands
