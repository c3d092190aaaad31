// Asking a person before something is changed.

#pragma once

#include <span>
#include <string>

#include "cli/command.h"
#include "core/base/result.h"

namespace rtml::cli {

// Asks on the terminal whether the command line `words` shall be run. Fails with
// kNeedsConfirmation if there is no terminal to ask on, kFailed if the answer is not yes.
Status confirm(const CommandSpec& command, std::span<const std::string> words);

}  // namespace rtml::cli
