#include "cli/commands/registry/backup.h"

#include "cli/session.h"
#include "core/registry/backup.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "FILE",
     .type = OptionType::kPath,
     .help = "Where the copy goes; its artifacts go to FILE.artifacts",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--force", .type = OptionType::kFlag, .help = "Replace FILE if it exists"},
};

constexpr Example kExamples[] = {
    {.command = "rtml registry backup registry-backup.db", .says = "Copy the registry"},
    {.command = "rtml registry backup --force registry-backup.db", .says = "Replace the copy"},
};

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  const std::filesystem::path file = arguments.text("FILE");
  const bool dry_run = arguments.flag("--dry-run");
  Report report;
  report.data["file"] = file.string();
  report.data["artifacts_directory"] = registry::backup_artifacts(file).string();
  report.data["dry_run"] = dry_run;
  if (dry_run) {
    RTML_TRY(registry::check_backup_target(file, arguments.flag("--force")));
    RTML_TRY(registry->read());
    report.line("would write " + file.string());
    return report;
  }
  RTML_TRY_ASSIGN(const registry::BackupReport written,
                  registry::back_up(*registry, file, arguments.flag("--force"), session.progress(),
                                    session.cancel()));
  report.data["size_bytes"] = written.size_bytes;
  report.data["events"] = written.check.event_count;
  report.data["artifacts"] = written.check.artifact_count;
  report.data["head"] = written.check.head_hash;
  report.line("wrote " + file.string() + ": " + std::to_string(written.check.event_count) +
              " events, " + std::to_string(written.check.artifact_count) + " artifacts, checked");
  return report;
}

}  // namespace

constinit const CommandSpec kRegistryBackup{
    .path = "registry backup",
    .summary = "Copy the registry while it is in use, and check the copy",
    .description =
        "Writes the registry of one moment to FILE and its artifacts to FILE.artifacts. FILE "
        "appears only when the copy has passed the same checks as \"rtml registry check\".\n\n"
        "To restore, put FILE in the place of .rtml/registry.db and FILE.artifacts in the "
        "place of .rtml/artifacts.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
