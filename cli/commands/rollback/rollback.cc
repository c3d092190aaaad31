#include "cli/commands/rollback/rollback.h"

#include "cli/registry_change.h"
#include "cli/session.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL", .help = "The model", .required = true, .completion = Completion::kModel},
    {.name = "--alias",
     .value = "ALIAS",
     .help = "The alias to move back",
     .default_text = "champion",
     .completion = Completion::kAlias},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml rollback price_direction", .says = "Undo the last promotion"},
    {.command = "rtml rollback price_direction --reason \"alerts doubled\" --dry-run",
     .says = "Show which version would be the champion again"},
};

// Where the alias is and where it goes.
struct Step {
  std::int64_t from = 0;
  registry::ModelVersion to;
};

Result<Step> find_step(const registry::Registry& registry, const std::string& model,
                       const std::string& alias) {
  RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
  RTML_TRY(reader.model(model));
  RTML_TRY_ASSIGN(const std::int64_t target, reader.rollback_target(model, alias));
  RTML_TRY_ASSIGN(const auto current, reader.alias(model, alias));
  Step step;
  step.from = current ? current->number : 0;
  RTML_TRY_ASSIGN(step.to, reader.version(model, target));
  return step;
}

Report report_of(const Json& answer, const RegistryChange& change, bool repeated) {
  Report report;
  report.data = answer;
  add_change_outcome(report, change, repeated);
  const std::string model = answer["model"].get<std::string>();
  report.line(std::string(change.change.dry_run ? "would roll back " : "rolled back ") +
              answer["alias"].get<std::string>() + " from " + model + "@" +
              to_json_text(answer["from"]) + " to " + answer["reference"].get<std::string>());
  if (repeated) report.line("done before under this idempotency key", Tone::kFaint);
  report.outputs = {{"reference", answer["reference"].get<std::string>()}};
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::string& model = arguments.text("MODEL");
  const std::string& alias = arguments.text("--alias");
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const RegistryChange change,
                  make_registry_change("rollback", Json{{"model", model}, {"alias", alias}},
                                       arguments, session));
  RTML_TRY_ASSIGN(const auto earlier, registry->answered(change.change));
  if (earlier) return report_of(earlier->value, change, true);

  RTML_TRY_ASSIGN(const Step step, find_step(*registry, model, alias));
  RTML_TRY(registry->verified_artifact(step.to.artifact_sha256));
  RTML_TRY_ASSIGN(
      const registry::Answer answer,
      registry->change(change.change, [&](registry::Transaction& transaction) -> Result<Json> {
        RTML_TRY_ASSIGN(const registry::Alias after,
                        transaction.roll_back(model, alias, step.from, step.to.number));
        return Json{{"model", model}, {"version", step.to.number}, {"reference", step.to.label()},
                    {"alias", alias}, {"from", step.from},         {"event", after.event}};
      }));
  return report_of(answer.value, change, answer.repeated);
}

}  // namespace

constinit const CommandSpec kRollback{
    .path = "rollback",
    .summary = "Move an alias back to the version before",
    .description =
        "Undoes the latest promotion that no rollback has undone yet, so a second rollback "
        "goes one further back. It is an event of its own; nothing is taken out of the "
        "history. The version's bytes are checked against their sha256 before the alias moves. "
        "A terminal is asked first; anything else needs --yes.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .asks_confirmation = true,
    .run = run,
};

}  // namespace rtml::cli::commands
