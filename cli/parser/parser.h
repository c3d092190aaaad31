// Turns the words of a command line into a command and its arguments.
//
// The only place that includes CLI11. Only the command asked for is turned into a CLI11 app, so
// that start-up does not grow with the table.

#pragma once

#include <span>
#include <string>

#include "cli/command.h"
#include "core/base/result.h"

namespace rtml::cli {

// What a command line asks for.
struct Invocation {
  // Null: the list of commands is wanted, or, with `noun`, the commands of one noun.
  const CommandSpec* command = nullptr;
  std::string noun;
  bool wants_help = false;
  // The command's own and the common options, checked and with defaults filled in.
  Arguments arguments;
};

// Parses the words after the program's name. Fails with kUnknownCommand, kUnknownOption,
// kBadOptionValue or kUsage; help is never a failure.
Result<Invocation> parse_command_line(std::span<const std::string> words);

}  // namespace rtml::cli
