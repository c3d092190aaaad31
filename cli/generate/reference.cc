#include "cli/generate/reference.h"

#include <span>

#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/topics.h"
#include "cli/wrap.h"
#include "core/base/error.h"
#include "core/base/text_list.h"
#include "core/config/key_table.h"

namespace rtml::cli {
namespace {

constexpr std::size_t kLineWidth = 110;

// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "`" + cell(text) + "`";
}

std::string options_table(std::span<const OptionSpec> options) {
  std::string out = "| option | meaning |\n|---|---|\n";
  for (const OptionSpec& option : options) {
    const std::string label = option_label(option);
    out += "| " + code(label.substr(label.find_first_not_of(' '))) + " | " +
           cell(std::string(option.help) + option_notes(option)) + " |\n";
  }
  return out;
}

std::string command_text(const CommandSpec& command) {
  std::string out = "### rtml " + std::string(command.path) + "\n\n" +
                    std::string(command.summary) + ".\n\n```sh\n" + usage_line(command) +
                    "\n```\n\n";
  for (const std::string& line : wrapped(command.description, kLineWidth)) out += line + "\n";
  if (!command.description.empty()) out += "\n";
  if (const auto options = command_options(command); !options.empty()) {
    out += options_table(options) + "\n";
  }
  out += "```sh\n";
  for (const Example& example : command.examples) {
    out += "# " + std::string(example.says) + "\n" + std::string(example.command) + "\n";
  }
  return out + "```\n\n";
}

std::string_view exit_name(ExitClass exit) {
  switch (exit) {
    case ExitClass::kOk:
      return "0";
    case ExitClass::kFailed:
      return "1";
    case ExitClass::kUsage:
      return "2";
    case ExitClass::kFinding:
      return "3";
    case ExitClass::kRetry:
      return "75";
    case ExitClass::kInterrupted:
      return "130";
  }
  return "";
}

constexpr std::string_view kWrittenBy =
    "<!-- Written by scripts/generate from the tables of rtml; changes here are lost. -->\n\n";

}  // namespace

std::string commands_reference() {
  std::string out = std::string(kWrittenBy) + "# Commands\n\n";
  out +=
      "Results go to standard output, everything else to standard error. `--output json` gives "
      "one\n"
      "document with `schema_version`, described by a schema in `schemas/output/`; errors are "
      "then\n"
      "JSON too, on standard error.\n\n## Options of every command\n\n" +
      options_table(common_options()) + "\n## Exit status\n\n| status | meaning |\n|---|---|\n";
  for (const auto& [status, meaning] : exit_status_table()) {
    out += "| " + status + " | " + cell(meaning) + " |\n";
  }
  out += "\n";
  for (const CommandGroup& group : command_groups()) {
    std::string texts;
    for (const std::string_view noun : group.nouns) {
      for (const CommandSpec* command : commands_of(noun)) texts += command_text(*command);
    }
    if (!texts.empty()) out += "## " + std::string(group.title) + "\n\n" + texts;
  }
  out.pop_back();  // One line end is enough.
  return out;
}

std::string errors_reference() {
  std::string out = std::string(kWrittenBy) + "# Error codes\n\n";
  out +=
      "A code never changes its meaning and is never used for another. The exit status is that of\n"
      "the code; of several errors, that of the last one shown.\n\n"
      "| code | meaning | exit status |\n|---|---|---|\n";
  for (const ErrorCodeInfo& info : error_code_table()) {
    out += "| " + std::string(info.id) + " | " + cell(info.meaning) + " | " +
           std::string(exit_name(info.exit_class)) + " |\n";
  }
  return out;
}

std::string configuration_reference() {
  std::string out = std::string(kWrittenBy) + "# Configuration\n\n";
  out +=
      "A key is set, from the weakest to the strongest, by its default, `/etc/rtml/config.yaml`,\n"
      "`rtml/config.yaml` below `$XDG_CONFIG_HOME` or `~/.config`, `defaults:` in a project's\n"
      "`rtml.yaml`, its environment variable, and `--set KEY=VALUE`. `rtml config show --origin`\n"
      "says which one counts.\n\n"
      "```yaml\n# ~/.config/rtml/config.yaml\nregistry:\n  lock_timeout: 30s\n"
      "lineage.dirty: refuse\n```\n\n"
      "A key that needs trust names programs, libraries or credentials: a project may set it only\n"
      "where `rtml config trust DIR` or `RTML_TRUSTED_DIRS` names its directory.\n\n"
      "| key | type | default | variable | needs trust | meaning |\n|---|---|---|---|---|---|\n";
  for (const config::KeySpec& key : config::key_table()) {
    const std::string type = key.choices.empty() ? std::string(config::to_string(key.type))
                                                 : text_list(key.choices, code);
    out += "| " + code(key.name) + " | " + type + " | " + code(key.default_text) + " | " +
           code(key.environment) + " | " +
           (key.trust == config::Trust::kTrustedProject ? "yes" : "no") + " | " + cell(key.help) +
           " |\n";
  }
  out += "\n## Environment\n\n| variable | meaning |\n|---|---|\n";
  for (const auto& [name, meaning] : environment_table()) {
    out += "| " + code(name) + " | " + cell(meaning) + " |\n";
  }
  return out;
}

}  // namespace rtml::cli
