// The help pages, made from the table of commands.

#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/report.h"

namespace rtml::cli {

// The list of commands under their headings.
std::vector<Section> overview_page();

// The commands of one noun: "model".
std::vector<Section> noun_page(std::string_view noun);

// Usage, description, examples, arguments, options, exit codes of one command.
std::vector<Section> command_page(const CommandSpec& command);

// The row of a command for programs: path, summary, usage, options, examples, formats.
Json describe(const CommandSpec& command);

// "rtml model show [OPTIONS] MODEL@VERSION"
std::string usage_line(const CommandSpec& command);

// "-o, --out FILE", as help and the man page show an option.
std::string option_label(const OptionSpec& option);

// What follows the help of an option: its choices, its default.
std::string option_notes(const OptionSpec& option);

}  // namespace rtml::cli
