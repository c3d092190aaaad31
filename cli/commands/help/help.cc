#include "cli/commands/help/help.h"

#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/topics.h"
#include "core/base/name.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "COMMAND",
     .type = OptionType::kTextList,
     .help = "The words of a command, or a topic: environment, exit-codes",
     .completion = Completion::kCommand},
};

constexpr Example kExamples[] = {
    {.command = "rtml help", .says = "List the commands"},
    {.command = "rtml help version", .says = "Show one command"},
};

std::vector<Section> topic_page(const std::vector<std::pair<std::string, std::string>>& table) {
  std::vector<Section> page;
  page.emplace_back(Fields{{table.begin(), table.end()}});
  return page;
}

Result<std::vector<Section>> page_of(const std::vector<std::string>& words) {
  if (words.empty()) return overview_page();
  if (words.front() == "environment") return topic_page(environment_table());
  if (words.front() == "exit-codes") return topic_page(exit_status_table());
  std::string path = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) path += " " + words[i];
  if (const CommandSpec* command = find_command(path)) return command_page(*command);
  if (words.size() == 1 && !commands_of(path).empty()) return noun_page(path);
  std::vector<std::string> candidates;
  for (const CommandSpec* command : command_table()) candidates.emplace_back(command->path);
  return fail(Error(ErrorCode::kUnknownCommand,
                    "no help on: \"" + path + "\"" + did_you_mean(path, candidates))
                  .with_help("\"rtml help\" lists the commands"));
}

Result<Report> run(const Arguments& arguments, Session&) {
  Report report;
  RTML_TRY_ASSIGN(report.sections, page_of(arguments.list("COMMAND")));
  Json commands = Json::array();
  for (const CommandSpec* command : command_table()) {
    commands.push_back(describe(*command));
  }
  report.data["commands"] = std::move(commands);
  report.rows_key = "commands";
  return report;
}

}  // namespace

constinit const CommandSpec kHelp{
    .path = "help",
    .summary = "Show the help of a command",
    .description = "Without a command, lists every command under its heading.",
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
