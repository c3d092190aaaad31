// `rtml dataset build`: adds features to the rows of a file, as they were known at their time.

#pragma once

#include "cli/command.h"

namespace rtml::cli::commands {

extern const CommandSpec kDatasetBuild;

}  // namespace rtml::cli::commands
