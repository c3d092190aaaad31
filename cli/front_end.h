// From the words of a command line to output and an exit status.

#pragma once

#include <span>
#include <string>

#include "core/base/cancel.h"
#include "core/base/environment.h"

namespace rtml::cli {

// Runs the command that `words` (without the program's name) ask for, writes results to standard
// output and everything else to standard error. Returns the exit status. `cancel` is set by a
// signal.
int run_front_end(std::span<const std::string> words, const Environment& environment,
                  const CancelFlag& cancel);

}  // namespace rtml::cli
