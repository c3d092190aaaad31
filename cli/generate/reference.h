// docs/commands.md, docs/errors.md and docs/configuration.md, made from their tables.

#pragma once

#include <string>

namespace rtml::cli {

std::string commands_reference();
std::string errors_reference();
std::string configuration_reference();

}  // namespace rtml::cli
