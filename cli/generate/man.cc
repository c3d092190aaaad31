#include "cli/generate/man.h"

#include <algorithm>

#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/topics.h"
#include "cli/version.h"
#include "cli/wrap.h"

namespace rtml::cli {
namespace {

// Text that roff prints as it stands: no escapes, no request at the start of a line, and hyphens
// that can be copied into a shell.
std::string roff(std::string_view text) {
  std::string out;
  bool line_starts = true;
  for (const char c : text) {
    if (line_starts && (c == '.' || c == '\'')) out += "\\&";
    line_starts = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '^') {
      out += "\\(ha";
    } else {
      out += c;
    }
  }
  return out;
}

std::string title(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".\\\" Written by rtml from its table of commands; changes here are lost.\n.TH " +
         roff(name) + " 1 \"\" \"rtml " + std::string(version_number()) + "\" \"rtml manual\"\n";
}

std::string section(std::string_view name) {
  return ".SH " + std::string(name) + "\n";
}

// A blank line would be a second paragraph break to roff; .PP is the one it wants.
std::string paragraphs(std::string_view text) {
  std::string out;
  for (const std::string& line : wrapped(text)) out += line.empty() ? ".PP\n" : roff(line) + "\n";
  return out;
}

std::string tagged(std::string_view tag, std::string_view text) {
  return ".TP\n\\fB" + roff(tag) + "\\fR\n" + roff(text) + "\n";
}

std::string label_of(const OptionSpec& option) {
  const std::string label = option_label(option);
  return label.substr(label.find_first_not_of(' '));
}

std::string options_text(std::span<const OptionSpec> options, bool positional) {
  std::string out;
  for (const OptionSpec& option : options) {
    if (is_positional(option) != positional) continue;
    out += tagged(label_of(option), std::string(option.help) + option_notes(option));
  }
  return out;
}

std::string exit_statuses() {
  std::string out = section("EXIT STATUS");
  for (const auto& [status, meaning] : exit_status_table()) out += tagged(status, meaning);
  return out;
}

std::string see_also(const CommandSpec& command) {
  std::string out = section("SEE ALSO") + ".BR rtml (1)";
  for (const CommandSpec* other : commands_of(noun_of(command.path))) {
    if (other != &command) out += ",\n.BR " + roff(man_page_name(*other)) + " (1)";
  }
  return out + "\n";
}

}  // namespace

std::string man_page_name(const CommandSpec& command) {
  std::string name = "rtml-" + std::string(command.path);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const CommandSpec& command) {
  const auto options = command_options(command);
  std::string out = title(man_page_name(command));
  out += section("NAME") + roff(man_page_name(command)) + " \\- " + roff(command.summary) + "\n";
  out += section("SYNOPSIS") + "\\fB" + roff(usage_line(command)) + "\\fR\n";
  if (!command.description.empty()) out += section("DESCRIPTION") + paragraphs(command.description);
  if (const auto text = options_text(options, true); !text.empty()) {
    out += section("ARGUMENTS") + text;
  }
  if (const auto text = options_text(options, false); !text.empty()) {
    out += section("OPTIONS") + text;
  }
  out += section("OPTIONS OF EVERY COMMAND") + options_text(common_options(), false);
  out += section("EXAMPLES");
  for (const Example& example : command.examples) {
    out += ".TP\n" + roff(example.says) + ":\n\\fB" + roff(example.command) + "\\fR\n";
  }
  return out + exit_statuses() + see_also(command);
}

std::string overview_man_page() {
  std::string out = title("rtml");
  out += section("NAME") + "rtml \\- run the real\\-time machine\\-learning loop from a shell\n";
  out += section("SYNOPSIS") + ".B rtml [OPTIONS] COMMAND ...\n";
  out += section("COMMANDS");
  for (const CommandGroup& group : command_groups()) {
    std::string rows;
    for (const std::string_view noun : group.nouns) {
      for (const CommandSpec* command : commands_of(noun)) {
        rows += tagged(man_page_name(*command) + "(1)", command->summary);
      }
    }
    if (!rows.empty()) out += ".SS " + roff(group.title) + "\n" + rows;
  }
  out += section("OPTIONS OF EVERY COMMAND") + options_text(common_options(), false);
  out += section("ENVIRONMENT");
  for (const auto& [name, meaning] : environment_table()) out += tagged(name, meaning);
  return out + exit_statuses();
}

}  // namespace rtml::cli
