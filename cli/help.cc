#include "cli/help.h"

#include <algorithm>

#include "cli/command_table.h"
#include "cli/options.h"
#include "cli/wrap.h"

namespace rtml::cli {
namespace {

void heading(std::vector<Section>& page, std::string_view title) {
  if (!page.empty()) page.emplace_back(Line{""});
  page.emplace_back(Line{Text(std::string(title), Tone::kStrong)});
}

// Indented names with what they mean. A name that is wider than most stands on a line of its own.
void definitions(std::vector<Section>& page,
                 const std::vector<std::pair<std::string, std::string>>& rows) {
  constexpr std::size_t kWidest = 30;
  std::size_t width = 0;
  for (const auto& [name, meaning] : rows) {
    if (name.size() <= kWidest) width = std::max(width, name.size());
  }
  const std::string indent(width + 4, ' ');
  for (const auto& [name, meaning] : rows) {
    const bool fits = name.size() <= width;
    std::string line = "  " + name;
    if (fits) {
      line.resize(indent.size(), ' ');
    } else {
      page.emplace_back(Line{line});
      line = indent;
    }
    for (const std::string& part : wrapped(meaning, kTextWidth - indent.size())) {
      page.emplace_back(Line{line + part});
      line = indent;
    }
  }
}

void paragraphs(std::vector<Section>& page, std::string_view text) {
  for (std::string& line : wrapped(text)) page.emplace_back(Line{std::move(line)});
}

std::vector<std::pair<std::string, std::string>> option_rows(std::span<const OptionSpec> options,
                                                             bool positional) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const OptionSpec& option : options) {
    if (is_positional(option) != positional) continue;
    rows.emplace_back(option_label(option), std::string(option.help) + option_notes(option));
  }
  return rows;
}

std::string formats_line(const CommandSpec& command) {
  std::string line;
  for (const OutputFormat format : output_formats(command)) {
    if (!line.empty()) line += ", ";
    line += name_of(format);
  }
  return line;
}

}  // namespace

Json describe(const CommandSpec& command) {
  Json row = {{"path", command.path},         {"summary", command.summary},
              {"usage", usage_line(command)}, {"options", Json::array()},
              {"examples", Json::array()},    {"formats", Json::array()}};
  for (const OptionSpec& option : command_options(command)) {
    row["options"].push_back({{"name", option.name}, {"help", option.help}});
  }
  for (const Example& example : command.examples) {
    row["examples"].push_back({{"command", example.command}, {"says", example.says}});
  }
  for (const OutputFormat format : output_formats(command)) {
    row["formats"].push_back(name_of(format));
  }
  return row;
}

std::string usage_line(const CommandSpec& command) {
  std::string line = "rtml " + std::string(command.path) + " [OPTIONS]";
  for (const OptionSpec& option : command.options) {
    const std::string name(option.name);
    const bool many = option.type == OptionType::kTextList;
    if (is_positional(option)) {
      line += option.required ? " " + name : " [" + name + "]";
      if (many) line += "...";
    } else if (option.required) {
      line += " " + name + " " + std::string(option.value);
    }
  }
  return line;
}

std::string option_label(const OptionSpec& option) {
  if (is_positional(option)) return std::string(option.name);
  std::string label = option.short_name != 0 ? std::string("-") + option.short_name + ", " : "    ";
  label += option.name;
  if (!option.value.empty()) label += " " + std::string(option.value);
  return label;
}

std::string option_notes(const OptionSpec& option) {
  std::string notes;
  if (!option.choices.empty() && option.name != "--output" && option.name != "--color") {
    notes += " (";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      notes += (i > 0 ? ", " : "") + std::string(option.choices[i]);
    }
    notes += ")";
  }
  if (!option.default_text.empty()) notes += " [default: " + std::string(option.default_text) + "]";
  return notes;
}

std::vector<Section> overview_page() {
  std::vector<Section> page;
  page.emplace_back(Line{"rtml runs the whole real-time machine-learning loop from a shell."});
  page.emplace_back(Line{""});
  page.emplace_back(Line{"Usage: rtml [OPTIONS] COMMAND ..."});
  for (const CommandGroup& group : command_groups()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const std::string_view noun : group.nouns) {
      for (const CommandSpec* command : commands_of(noun)) {
        rows.emplace_back(command->path, command->summary);
      }
    }
    if (rows.empty()) continue;
    heading(page, group.title);
    definitions(page, rows);
  }
  heading(page, "Options of every command");
  definitions(page, option_rows(common_options(), false));
  page.emplace_back(Line{""});
  page.emplace_back(
      Line{"\"rtml help COMMAND\" shows a command, \"rtml help environment\" the variables,"});
  page.emplace_back(Line{"\"rtml help exit-codes\" what the exit status means."});
  return page;
}

std::vector<Section> noun_page(std::string_view noun) {
  std::vector<Section> page;
  page.emplace_back(Line{"Usage: rtml " + std::string(noun) + " COMMAND ..."});
  heading(page, "Commands");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const CommandSpec* command : commands_of(noun)) {
    rows.emplace_back(command->path, command->summary);
  }
  definitions(page, rows);
  page.emplace_back(Line{""});
  page.emplace_back(Line{"\"rtml help " + std::string(noun) + " COMMAND\" shows one of them."});
  return page;
}

std::vector<Section> command_page(const CommandSpec& command) {
  const auto options = command_options(command);
  std::vector<Section> page;
  page.emplace_back(
      Line{"rtml " + std::string(command.path) + ": " + std::string(command.summary)});
  heading(page, "Usage");
  page.emplace_back(Line{"  " + usage_line(command)});
  heading(page, "Examples");
  for (const Example& example : command.examples) {
    page.emplace_back(Line{Text("  # " + std::string(example.says), Tone::kFaint)});
    page.emplace_back(Line{"  " + std::string(example.command)});
  }
  if (!command.description.empty()) {
    heading(page, "Description");
    paragraphs(page, command.description);
  }
  if (const auto rows = option_rows(options, true); !rows.empty()) {
    heading(page, "Arguments");
    definitions(page, rows);
  }
  if (const auto rows = option_rows(options, false); !rows.empty()) {
    heading(page, "Options");
    definitions(page, rows);
  }
  heading(page, "Options of every command");
  definitions(page, option_rows(common_options(), false));
  page.emplace_back(Line{""});
  page.emplace_back(Line{"Output formats: " + formats_line(command)});
  return page;
}

}  // namespace rtml::cli
