// The options of a command in full: its own, those its row implies, and those every command has.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace rtml::cli {

// Every option and positional argument that `command` takes: its own, then --dry-run and the like
// where its row asks for them. The common options are not among them.
std::vector<OptionSpec> command_options(const CommandSpec& command);

// The options that every command has: -C, --output, --quiet, …
std::span<const OptionSpec> common_options();

// The formats that `command` can write, in the order of the enumeration.
std::vector<OutputFormat> output_formats(const CommandSpec& command);

// The name as --output takes it: "jsonl".
std::string_view name_of(OutputFormat format);
std::optional<OutputFormat> output_format(std::string_view name);

bool is_positional(const OptionSpec& option);

// What a terminal shows before a command's own options are known, read leniently from the words of
// the command line: the last valid value of each wins and nothing fails.
struct Presentation {
  OutputFormat format = OutputFormat::kText;
  std::string color = "auto";
  bool quiet = false;
  bool verbose = false;
  bool log_as_json = false;
};
Presentation presentation_of(std::span<const std::string> words);

}  // namespace rtml::cli
