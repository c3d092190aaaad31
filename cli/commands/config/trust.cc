#include "cli/commands/config/trust.h"

#include "cli/session.h"
#include "core/config/trust.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "DIR",
     .type = OptionType::kPath,
     .help = "The directory; without it the list is shown",
     .completion = Completion::kDirectory},
    {.name = "--remove", .type = OptionType::kFlag, .help = "Trust DIR no longer"},
};

constexpr Example kExamples[] = {
    {.command = "rtml config trust .", .says = "Trust the project of this directory"},
    {.command = "rtml config trust", .says = "List the directories that are trusted"},
    {.command = "rtml config trust --remove .", .says = "Trust it no longer"},
};

Result<Report> list(const Environment& environment) {
  RTML_TRY_ASSIGN(const auto trusted, config::TrustedDirectories::load(environment));
  Report report;
  report.data["directories"] = Json::array();
  for (const auto& directory : trusted.directories()) {
    report.data["directories"].push_back(directory.string());
    report.line(directory.string());
  }
  return report;
}

Result<bool> change(const std::filesystem::path& directory, bool remove, bool dry_run,
                    const Environment& environment) {
  if (dry_run) {
    RTML_TRY_ASSIGN(const auto trusted, config::TrustedDirectories::load(environment));
    return trusted.lists(directory) == remove;
  }
  return remove ? config::distrust_directory(directory, environment)
                : config::trust_directory(directory, environment);
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const bool remove = arguments.flag("--remove");
  if (!arguments.has("DIR")) {
    if (remove) return fail(ErrorCode::kUsage, "--remove needs DIR");
    return list(session.environment());
  }
  const std::filesystem::path directory = arguments.text("DIR");
  const bool dry_run = arguments.flag("--dry-run");
  RTML_TRY_ASSIGN(const bool changed, change(directory, remove, dry_run, session.environment()));

  Report report;
  report.data["directory"] = config::resolved_directory(directory).string();
  report.data["trusted"] = !remove;
  report.data["changed"] = changed;
  report.data["dry_run"] = dry_run;
  std::string line = remove ? "not trusted" : "trusted";
  if (dry_run && changed) line = remove ? "would trust no longer" : "would trust";
  if (!changed) line += " already";
  report.line(line + ": " + config::resolved_directory(directory).string());
  return report;
}

}  // namespace

constinit const CommandSpec kConfigTrust{
    .path = "config trust",
    .summary = "Let the project of a directory name programs and libraries",
    .description =
        "A project found in a checkout may not set keys that name programs, libraries or "
        "credentials, because whoever wrote it would then run code as you. Trusting its "
        "directory, with everything below it, allows that. In CI, RTML_TRUSTED_DIRS does the "
        "same.",
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
