#include "cli/commands/feature/plan.h"

#include "cli/commands/feature/plan_report.h"
#include "cli/session.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--detailed-exitcode",
     .type = OptionType::kFlag,
     .help = "End with status 3 where there are changes"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature plan", .says = "Show what applying the project would change"},
    {.command = "rtml feature plan --output json", .says = "Show it as JSON"},
};

Result<Report> run(const Arguments& arguments, Session& session) {
  Report report;
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY(check_features(session, report));
  RTML_TRY_ASSIGN(const plan::Registered registered, read_registered(session));
  const plan::Plan plan = plan::make_plan(*project, registered);
  add_plan(report, plan, "plan");
  if (arguments.flag("--detailed-exitcode") && plan.has_changes())
    report.exit = ExitClass::kFinding;
  return report;
}

}  // namespace

constinit const CommandSpec kFeaturePlan{
    .path = "feature plan",
    .summary = "Show what applying the project's definitions would change",
    .description =
        "Checks every file of the project, compiles every feature against the columns of its "
        "source, and compares the definitions with those that the registry holds, by what they "
        "mean. Says which services and aliased models a change would break.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
