#include "cli/commands/completion/completion.h"

#include "cli/completion/scripts.h"

namespace rtml::cli::commands {
namespace {

constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};

constexpr OptionSpec kOptions[] = {
    {.name = "SHELL",
     .help = "The shell",
     .required = true,
     .completion = Completion::kChoice,
     .choices = kShells},
};

constexpr Example kExamples[] = {
    {.command = "source <(rtml completion bash)", .says = "Complete in this bash"},
    {.command = "rtml completion fish > rtml.fish", .says = "Write the script for fish"},
};

Result<Report> run(const Arguments& arguments, Session&) {
  const std::string& shell = arguments.text("SHELL");
  const std::string script(shell == "bash"  ? bash_completion()
                           : shell == "zsh" ? zsh_completion()
                                            : fish_completion());
  Report report;
  report.data["shell"] = shell;
  report.data["script"] = script;
  report.add(Verbatim{script});
  return report;
}

}  // namespace

constinit const CommandSpec kCompletion{
    .path = "completion",
    .summary = "Write the completion script of a shell",
    .description =
        "The script asks rtml itself, so that models, views, pipelines and keys of the project "
        "at hand are offered, and nothing is to be renewed when they change.",
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
