#include "cli/options.h"

#include <algorithm>
#include <array>

namespace rtml::cli {
namespace {

constexpr std::string_view kColorChoices[] = {"auto", "always", "never"};
constexpr std::string_view kLogFormats[] = {"text", "json"};
constexpr std::string_view kFormatNames[] = {"text", "json", "jsonl", "junit", "sarif", "github"};

constexpr OptionSpec kDryRun{.name = "--dry-run",
                             .type = OptionType::kFlag,
                             .help = "Say what would be done and change nothing",
                             .short_name = 'n'};
constexpr OptionSpec kIdempotencyKey{.name = "--idempotency-key",
                                     .value = "KEY",
                                     .help = "Do the same request with the same key only once"};
constexpr OptionSpec kYes{.name = "--yes",
                          .type = OptionType::kFlag,
                          .help = "Do not ask for confirmation",
                          .short_name = 'y'};
constexpr OptionSpec kExitZero{.name = "--exit-zero",
                               .type = OptionType::kFlag,
                               .help = "End with 0 instead of 3 when something was found"};

constexpr std::array kCommon = {
    OptionSpec{.name = "--directory",
               .type = OptionType::kPath,
               .value = "DIR",
               .help = "Run as if started in DIR",
               .completion = Completion::kDirectory,
               .short_name = 'C'},
    OptionSpec{.name = "--output",
               .value = "FORMAT",
               .help = "Write results as text, json, jsonl, or another format of the command",
               .default_text = "text",
               .completion = Completion::kChoice,
               .choices = kFormatNames},
    OptionSpec{.name = "--set",
               .type = OptionType::kTexts,
               .value = "KEY=VALUE",
               .help = "Set a configuration key for this run; may be repeated",
               .completion = Completion::kConfigKey},
    OptionSpec{.name = "--quiet",
               .type = OptionType::kFlag,
               .help = "Write nothing but results and errors",
               .short_name = 'q'},
    OptionSpec{.name = "--verbose",
               .type = OptionType::kFlag,
               .help = "Write what is being done to standard error",
               .short_name = 'v'},
    OptionSpec{.name = "--log-format",
               .value = "FORMAT",
               .help = "Write messages as text or as one JSON object a line",
               .default_text = "text",
               .completion = Completion::kChoice,
               .choices = kLogFormats},
    OptionSpec{.name = "--color",
               .value = "WHEN",
               .help = "Colour the output: auto, always or never",
               .default_text = "auto",
               .completion = Completion::kChoice,
               .choices = kColorChoices},
    OptionSpec{.name = "--help",
               .type = OptionType::kFlag,
               .help = "Show the help of the command",
               .short_name = 'h'},
};

}  // namespace

std::vector<OptionSpec> command_options(const CommandSpec& command) {
  std::vector<OptionSpec> options(command.options.begin(), command.options.end());
  if (command.changes_something) options.push_back(kDryRun);
  if (command.takes_idempotency_key) options.push_back(kIdempotencyKey);
  if (command.asks_confirmation) options.push_back(kYes);
  if (command.reports_findings) options.push_back(kExitZero);
  return options;
}

std::span<const OptionSpec> common_options() {
  return kCommon;
}

std::vector<OutputFormat> output_formats(const CommandSpec& command) {
  std::vector<OutputFormat> formats;
  for (std::size_t i = 0; i < std::size(kFormatNames); ++i) {
    const auto format = static_cast<OutputFormat>(i);
    const auto& extra = command.extra_formats;
    if (format <= OutputFormat::kJsonl ||
        std::find(extra.begin(), extra.end(), format) != extra.end()) {
      formats.push_back(format);
    }
  }
  return formats;
}

std::string_view name_of(OutputFormat format) {
  return kFormatNames[static_cast<std::size_t>(format)];
}

std::optional<OutputFormat> output_format(std::string_view name) {
  const auto* const found = std::find(std::begin(kFormatNames), std::end(kFormatNames), name);
  if (found == std::end(kFormatNames)) return std::nullopt;
  return static_cast<OutputFormat>(found - std::begin(kFormatNames));
}

bool is_positional(const OptionSpec& option) {
  return !option.name.starts_with('-');
}

Presentation presentation_of(std::span<const std::string> words) {
  Presentation presentation;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") break;
    if (words[i] == "--quiet" || words[i] == "-q") presentation.quiet = true;
    if (words[i] == "--verbose" || words[i] == "-v") presentation.verbose = true;
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    std::string value;
    if (equals != std::string::npos) {
      value = words[i].substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[i + 1];
    }
    if (name == "--output") {
      if (const auto format = output_format(value)) presentation.format = *format;
    } else if (name == "--log-format") {
      presentation.log_as_json = value == "json";
    } else if (name == "--color" && std::find(std::begin(kColorChoices), std::end(kColorChoices),
                                              value) != std::end(kColorChoices)) {
      presentation.color = value;
    }
  }
  return presentation;
}

}  // namespace rtml::cli
