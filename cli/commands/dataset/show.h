// `rtml dataset show`: shows the training sets that the registry knows.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kDatasetShow;

}  // namespace rtml::cli::commands
