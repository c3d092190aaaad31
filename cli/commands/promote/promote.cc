#include "cli/commands/promote/promote.h"

#include "cli/commands/model/alias_expectation.h"
#include "cli/commands/model/gate_decision.h"
#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/name.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "VERSION",
     .help = "The version, NAME@NUMBER or NAME@ALIAS: fraud@3, fraud@challenger",
     .required = true,
     .completion = Completion::kModelVersion},
    {.name = "--alias",
     .value = "ALIAS",
     .help = "The alias to move",
     .default_text = "champion",
     .completion = Completion::kAlias},
    {.name = "--expect",
     .value = "VERSION",
     .help = "Move only if the alias points to this version now; \"none\" if it must be new"},
    {.name = "--gate",
     .type = OptionType::kFlag,
     .help = "Promote only if the version's run passes the gate of its pipeline"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml promote price_direction@1", .says = "Make a version the champion"},
    {.command = "rtml promote price_direction@2 --gate --yes",
     .says = "The same in a script, if it beats the champion and the baselines"},
    {.command = "rtml promote price_direction@2 --expect 1 --reason \"better on May\"",
     .says = "The same, only if version 1 is the champion still"},
};

Result<registry::Expectation> expectation_of(const Arguments& arguments,
                                             const registry::Registry& registry,
                                             const std::string& model) {
  if (!arguments.has("--expect")) {
    return alias_as_it_is(registry, model, arguments.text("--alias"));
  }
  using Kind = registry::Expectation::Kind;
  const std::string& text = arguments.text("--expect");
  if (text == "none") return registry::Expectation{Kind::kAbsent, 0};
  const std::int64_t number = registry::parse_version_number(text);
  if (number > 0) return registry::Expectation{Kind::kVersion, number};
  return fail(ErrorCode::kBadOptionValue,
              "--expect takes a version number or \"none\", not: " + text);
}

Report report_of(const Json& answer, const RegistryChange& change, bool repeated) {
  if (answer.contains("refused")) return gate_refusal_report(answer, "promoted", change, repeated);
  Report report;
  report.data = answer;
  add_change_outcome(report, change, repeated);
  const std::string alias = answer["alias"].get<std::string>();
  const std::string reference = answer["reference"].get<std::string>();
  const Json& from = answer["from"];
  const bool moved = from != answer["version"];
  if (!moved) {
    report.line(alias + " points to " + reference + " already");
  } else {
    std::string line = change.change.dry_run ? "would promote " : "promoted ";
    line += reference + " to " + alias;
    if (!from.is_null()) {
      line += " in place of " + answer["model"].get<std::string>() + "@" + to_json_text(from);
    }
    report.line(std::move(line));
  }
  add_gate_evidence(report, answer["gate"]);
  if (repeated) report.line("done before under this idempotency key", Tone::kFaint);
  report.outputs = {{"reference", reference}, {"moved", moved ? "true" : "false"}};
  return report;
}

Result<registry::ModelVersion> resolve(const registry::Registry& registry,
                                       const std::string& reference) {
  if (reference.find('@') == std::string::npos) {
    return fail(Error(ErrorCode::kUsage, "name the version to promote: " + reference)
                    .with_help("NAME@NUMBER or NAME@ALIAS; \"rtml model show " + reference +
                               "\" lists the versions"));
  }
  RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
  return reader.resolve(reference);
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::string& alias = arguments.text("--alias");
  RTML_TRY(check_name(alias, "alias"));
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(RegistryChange change,
                  make_registry_change("promote",
                                       Json{{"version", arguments.text("VERSION")},
                                            {"alias", alias},
                                            {"gate", arguments.flag("--gate")},
                                            {"expect", arguments.text("--expect")}},
                                       arguments, session));
  RTML_TRY_ASSIGN(const auto earlier, registry->answered(change.change));
  if (earlier) return report_of(earlier->value, change, true);

  RTML_TRY_ASSIGN(const registry::ModelVersion version,
                  resolve(*registry, arguments.text("VERSION")));
  RTML_TRY_ASSIGN(const registry::Expectation expectation,
                  expectation_of(arguments, *registry, version.model));
  RTML_TRY(registry->verified_artifact(version.artifact_sha256));
  if (arguments.flag("--gate")) {
    RTML_TRY_ASSIGN(const gate::Verdict verdict,
                    ask_gate({version.run_id, version.model, alias}, &change.change, session));
    if (verdict.outcome != gate::Outcome::kPass) {
      const Json subject{{"model", version.model}, {"version", version.number}, {"alias", alias}};
      RTML_TRY_ASSIGN(const registry::Answer refused,
                      record_gate_refusal("promotion_refused", version.model, subject, *registry,
                                          change.change));
      return report_of(refused.value, change, refused.repeated);
    }
  }
  RTML_TRY_ASSIGN(
      const registry::Answer answer,
      registry->change(change.change, [&](registry::Transaction& transaction) -> Result<Json> {
        RTML_TRY_ASSIGN(const auto before, transaction.alias(version.model, alias));
        RTML_TRY_ASSIGN(const registry::Alias after,
                        transaction.move_alias(version.model, alias, version.number, expectation));
        return Json{{"model", version.model},
                    {"version", version.number},
                    {"reference", version.label()},
                    {"alias", alias},
                    {"from", before ? Json(before->number) : Json(nullptr)},
                    {"gate", change.change.evidence},
                    {"event", after.event}};
      }));
  return report_of(answer.value, change, answer.repeated);
}

}  // namespace

constinit const CommandSpec kPromote{
    .path = "promote",
    .summary = "Move an alias to a version",
    .description =
        "The alias moves only if it points to what this command saw when it began, or to "
        "--expect: if someone moved it meanwhile, nothing happens and the command ends with 1. "
        "The version's bytes are checked against their sha256 before.\n\n"
        "With --gate the version is first compared with the version that the alias names and "
        "with trivial baselines, on the test rows of the version's run. A version that fails "
        "is not promoted (exit 3), nor is one about which the gate cannot tell (exit 1); the "
        "figures go into the log in any case.\n\n"
        "A terminal is asked first; anything else needs --yes. \"rtml rollback\" undoes it.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .asks_confirmation = true,
    .run = run,
};

}  // namespace rtml::cli::commands
