#include "cli/commands/registry/check.h"

#include "cli/session.h"
#include "core/registry/check.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--head",
     .value = "SHA256",
     .help = "Fail unless the log contains the event with this hash"},
};

constexpr Example kExamples[] = {
    {.command = "rtml registry check", .says = "Check the log, every table and every artifact"},
    {.command = "rtml registry check --output json",
     .says = "The same for a script; \"head\" is what a later --head can ask for"},
};

void add_findings(Report& report, const std::vector<registry::CheckFinding>& findings) {
  report.data["findings"] = Json::array();
  Table table;
  table.columns = {{"rule"}, {"where"}, {"what"}};
  for (const registry::CheckFinding& finding : findings) {
    report.data["findings"].push_back(
        {{"rule", finding.rule}, {"subject", finding.subject}, {"message", finding.message}});
    report.findings.push_back({Finding::Level::kFailure,
                               "registry/" + finding.rule,
                               finding.subject,
                               finding.message,
                               {}});
    table.rows.push_back({Text(finding.rule, Tone::kBad), finding.subject, finding.message});
  }
  if (!table.rows.empty()) report.add(std::move(table));
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(
      const registry::CheckReport checked,
      registry::check(*registry, arguments.text("--head"), session.progress(), session.cancel()));
  Report report;
  report.data["sound"] = checked.findings.empty();
  report.data["events"] = checked.event_count;
  report.data["rows"] = checked.row_count;
  report.data["artifacts"] = checked.artifact_count;
  report.data["artifact_bytes"] = checked.artifact_bytes;
  report.data["head"] = checked.head_hash;
  add_findings(report, checked.findings);
  Fields fields;
  fields.rows = {{"events", std::to_string(checked.event_count)},
                 {"rows", std::to_string(checked.row_count)},
                 {"artifacts", std::to_string(checked.artifact_count)},
                 {"head", checked.head_hash}};
  report.add(std::move(fields));
  if (checked.findings.empty()) {
    report.line("the registry is what its log says", Tone::kGood);
  } else {
    report.exit = ExitClass::kFailed;
    report.line(std::to_string(checked.findings.size()) +
                    (checked.findings.size() == 1 ? " problem" : " problems") +
                    "; restore a backup, or keep the file and ask what wrote to it",
                Tone::kBad);
  }
  return report;
}

}  // namespace

constinit const CommandSpec kRegistryCheck{
    .path = "registry check",
    .summary = "Prove that the registry is what its log says",
    .description =
        "Replays the event log into an empty registry and compares every cell, checks the "
        "chain of hashes, and reads every artifact. Ends with 1 if anything differs.\n\n"
        "A log that was cut off at its end, with all that followed from it, looks whole. Keep "
        "the head that this command prints somewhere else and pass it as --head to exclude "
        "that.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
