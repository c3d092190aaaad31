#include "cli/options.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

TEST_CASE("options: how to present an error is known before the command line is understood") {
  const std::vector<std::string> words = {"modle", "show", "--output=json", "--color",
                                          "never", "-q",   "--verbose",     "--log-format",
                                          "json",  "--",   "--output",      "text"};
  const Presentation presentation = presentation_of(words);
  CHECK(presentation.format == OutputFormat::kJson);
  CHECK(presentation.color == "never");
  CHECK(presentation.quiet);
  CHECK(presentation.verbose);
  CHECK(presentation.log_as_json);
}

TEST_CASE("options: values that make no sense are passed over") {
  const std::vector<std::string> words = {"--output", "xml", "--color"};
  CHECK(presentation_of(words).format == OutputFormat::kText);
  CHECK(presentation_of(words).color == "auto");
}

TEST_CASE("options: a row adds what it implies") {
  CommandSpec command;
  CHECK(command_options(command).empty());
  command.changes_something = true;
  command.takes_idempotency_key = true;
  command.asks_confirmation = true;
  command.reports_findings = true;
  std::vector<std::string_view> names;
  for (const OptionSpec& option : command_options(command)) names.push_back(option.name);
  CHECK(names ==
        std::vector<std::string_view>{"--dry-run", "--idempotency-key", "--yes", "--exit-zero"});
}

TEST_CASE("options: formats of a command keep the order of the enumeration") {
  static constexpr OutputFormat kExtra[] = {OutputFormat::kGithub, OutputFormat::kJunit};
  CommandSpec command;
  command.extra_formats = kExtra;
  std::vector<std::string_view> names;
  for (const OutputFormat format : output_formats(command)) names.push_back(name_of(format));
  CHECK(names == std::vector<std::string_view>{"text", "json", "jsonl", "junit", "github"});
}

}  // namespace
}  // namespace rtml::cli
