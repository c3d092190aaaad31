#include "cli/commands/feature/apply.h"

#include "cli/commands/feature/plan_report.h"
#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--allow-breaking",
     .type = OptionType::kFlag,
     .help = "Change features that services or aliased models use"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature apply", .says = "Register the project's definitions"},
    {.command = "rtml feature apply --dry-run", .says = "Show what would be registered"},
};

Result<Report> run(const Arguments& arguments, Session& session) {
  Report report;
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY(check_features(session, report));
  RTML_TRY_ASSIGN(registry::Registry * registry, session.registry());
  const bool allow_breaking = arguments.flag("--allow-breaking");
  RTML_TRY_ASSIGN(const RegistryChange change,
                  make_registry_change("feature apply", {{"allow_breaking", allow_breaking}},
                                       arguments, session));
  plan::Plan plan;
  const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
    RTML_TRY_ASSIGN(const plan::Registered registered, plan::read_registered(transaction));
    plan = plan::make_plan(*project, registered);
    RTML_TRY(plan::apply(plan, allow_breaking, transaction));
    return Json::object();
  };
  RTML_TRY_ASSIGN(const registry::Answer answer, registry->change(change.change, work));
  add_plan(report, plan, change.change.dry_run ? "would apply" : "applied");
  add_change_outcome(report, change, answer.repeated);
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureApply{
    .path = "feature apply",
    .summary = "Register the project's sources, entities, views and services",
    .description =
        "Gives each definition whose meaning is new a version, name@v2, beside those there "
        "are; the plain name then means it. Definitions that the project no longer has are "
        "retired: their versions stay. All of it happens, or nothing.\n\n"
        "Refuses to replace a feature that a service or an aliased model uses by one of "
        "another type, or to drop it, unless --allow-breaking is given.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
