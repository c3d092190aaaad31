#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "cli/command_table.h"
#include "cli/options.h"

namespace rtml::cli {
namespace {

TEST_CASE("command table: every row is complete") {
  std::set<std::string_view> paths;
  for (const CommandSpec* command : command_table()) {
    CAPTURE(command->path);
    CHECK(paths.insert(command->path).second);
    CHECK((command->run != nullptr));
    CHECK(!command->summary.empty());
    CHECK(!command->summary.ends_with('.'));
    CHECK(command->examples.size() >= 2);
    for (const Example& example : command->examples) {
      CHECK(example.command.find("rtml ") != std::string_view::npos);
      CHECK(!example.says.empty());
    }
  }
}

TEST_CASE("command table: options are unique, named as they should be, and have help") {
  for (const CommandSpec* command : command_table()) {
    CAPTURE(command->path);
    std::vector<OptionSpec> options = command_options(*command);
    options.insert(options.end(), common_options().begin(), common_options().end());
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const OptionSpec& option : options) {
      CAPTURE(option.name);
      CHECK(names.insert(option.name).second);
      if (option.short_name != 0) CHECK(letters.insert(option.short_name).second);
      CHECK(!option.help.empty());
      CHECK(!option.help.ends_with('.'));
      if (is_positional(option)) continue;
      CHECK(option.name.starts_with("--"));
      CHECK((option.type == OptionType::kFlag) == option.value.empty());
    }
  }
}

TEST_CASE("command table: a required argument does not follow an optional one") {
  for (const CommandSpec* command : command_table()) {
    CAPTURE(command->path);
    bool optional_seen = false;
    for (const OptionSpec& option : command->options) {
      if (!is_positional(option)) continue;
      CHECK(!(option.required && optional_seen));
      optional_seen = optional_seen || !option.required;
    }
  }
}

TEST_CASE("command table: every command stands under one heading") {
  for (const CommandSpec* command : command_table()) {
    CAPTURE(command->path);
    int headings = 0;
    for (const CommandGroup& group : command_groups()) {
      headings += static_cast<int>(
          std::count(group.nouns.begin(), group.nouns.end(), noun_of(command->path)));
    }
    CHECK(headings == 1);
  }
}

}  // namespace
}  // namespace rtml::cli
