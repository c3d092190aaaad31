#include "cli/commands/init/init.h"

#include <array>
#include <system_error>

#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/installation.h"
#include "core/project/scaffold.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr std::string_view kTemplates[] = {"minimal", "fraud", "electricity"};

constexpr OptionSpec kOptions[] = {
    {.name = "DIR",
     .type = OptionType::kPath,
     .help = "Where the project is made",
     .default_text = ".",
     .completion = Completion::kDirectory},
    {.name = "--template",
     .value = "NAME",
     .help = "What the project starts with",
     .default_text = "minimal",
     .completion = Completion::kChoice,
     .choices = kTemplates},
};

constexpr Example kExamples[] = {
    {.command = "rtml init activity", .says = "Make a small project in the directory activity"},
    {.command = "rtml init --template fraud cards",
     .says = "Start with features and a model for card fraud"},
    {.command = "rtml init --template electricity --dry-run prices",
     .says = "Show which files a project on the electricity market would have"},
};

// What a person types next in the new project.
struct NextStep {
  std::string_view name;
  std::array<std::string_view, 2> commands;
};
constexpr NextStep kNextSteps[] = {
    {"minimal", {"rtml feature plan", "rtml feature apply"}},
    {"fraud", {"rtml simulate fraud -o data/transactions.parquet", "rtml feature plan"}},
    {"electricity", {"rtml feature plan", "rtml feature apply"}},
};

Status make_directory(const std::filesystem::path& root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (!error) return {};
  return fail(ErrorCode::kIo, "cannot make directory: " + root.string() + ": " + error.message());
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::filesystem::path given = arguments.text("DIR");
  const std::string& name = arguments.text("--template");
  const bool dry_run = arguments.flag("--dry-run");
  std::error_code error;
  const std::filesystem::path root =
      std::filesystem::weakly_canonical(std::filesystem::absolute(given, error), error);
  if (error) {
    return fail(ErrorCode::kIo, "cannot resolve path: " + given.string() + ": " + error.message());
  }
  const auto templates = installation_prefix() / "share" / "rtml" / "templates";
  RTML_TRY_ASSIGN(const auto files, project::plan_scaffold(templates, name, root));
  if (!dry_run) {
    RTML_TRY(make_directory(root));
    RTML_TRY_ASSIGN(const registry::Change change, describe_change(root, session));
    RTML_TRY(registry::Registry(root / ".rtml", session.clock()).create(change));
    RTML_TRY(project::write_scaffold(files, root));
  }

  Report report;
  report.data["directory"] = root.string();
  report.data["template"] = name;
  report.data["dry_run"] = dry_run;
  report.data["files"] = Json::array();
  for (const project::ScaffoldFile& file : files) {
    if (file.path.starts_with(".rtml/")) continue;  // Not the user's to look at.
    report.data["files"].push_back(file.path);
    report.line("  " + file.path, Tone::kFaint);
  }
  const std::string verb = dry_run ? "would make" : "made";
  report.line(verb + " a project from template " + name + " in " + root.string(), Tone::kStrong);
  if (dry_run) return report;
  for (const NextStep& step : kNextSteps) {
    if (step.name != name) continue;
    report.line("next:");
    if (given != ".") report.line("  cd " + given.string());
    for (const std::string_view command : step.commands) report.line("  " + std::string(command));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kInit{
    .path = "init",
    .summary = "Start a project from a template",
    .description =
        "Writes rtml.yaml and the template's files, ignores .rtml/ in git and makes the "
        "registry. No file that is there is replaced; if one is in the way, nothing is "
        "written.",
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
