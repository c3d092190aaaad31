// Man pages in the man(7) macros, made from the table of commands.

#pragma once

#include <string>

#include "cli/command.h"

namespace rtml::cli {

// "rtml-model-show"
std::string man_page_name(const CommandSpec& command);
std::string man_page(const CommandSpec& command);

// rtml(1): every command under its heading, common options, variables, exit statuses.
std::string overview_man_page();

}  // namespace rtml::cli
