// The only list of commands. Help, man pages, completions and docs/commands.md come out of it.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace rtml::cli {

// A heading of the command list with the first words of the commands under it.
struct CommandGroup {
  std::string_view title;
  std::vector<std::string_view> nouns;
};

// Every row, in the order that help shows.
std::span<const CommandSpec* const> command_table();

// The headings in their order. Every command's first word is under exactly one of them.
const std::vector<CommandGroup>& command_groups();

// Returns the row whose path is `path`, or null.
const CommandSpec* find_command(std::string_view path);

// Returns the rows whose path starts with the word `noun`.
std::vector<const CommandSpec*> commands_of(std::string_view noun);

// Returns the first word of a path: "model" of "model show".
std::string_view noun_of(std::string_view path);

}  // namespace rtml::cli
