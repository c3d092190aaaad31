// Turns the words given for an option into its value, or says what is wrong with them.

#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "core/base/result.h"

namespace rtml::cli {

// Returns the value of `option` from the texts given for it, at least one. An item of a list of
// NAME=VALUE ends at a comma only where the next NAME= follows, so that a value may hold commas.
// Fails with
// kBadOptionValue if a text is not of the option's type or not among its choices, kUsage if an
// option that holds one value was given several.
Result<Arguments::Value> parse_value(const OptionSpec& option,
                                     const std::vector<std::string>& texts);

}  // namespace rtml::cli
