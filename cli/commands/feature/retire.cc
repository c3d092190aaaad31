#include "cli/commands/feature/retire.h"

#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/number.h"
#include "core/online/drop_view.h"
#include "core/online/open_store.h"
#include "core/plan/retire.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "NAME",
     .value = "NAME[@vN]",
     .help = "The view or service; without a number the version that the name means",
     .required = true},
    {.name = "--allow-breaking",
     .type = OptionType::kFlag,
     .help = "Retire it although services or aliased models use it"},
    {.name = "--drop-online",
     .type = OptionType::kFlag,
     .help = "Remove what the online store keeps of the view, too"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature retire price_past@v1 --reason \"nobody reads it\"",
     .says = "Retire a version of a view"},
    {.command = "rtml feature retire price_past@v1 --drop-online --dry-run",
     .says = "Show who uses it and what would be removed"},
};

// Removes the kept state of a view, or counts it.
Result<std::int64_t> drop_online(const registry::Definition& version, bool dry_run,
                                 Session& session) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  RTML_TRY_ASSIGN(const auto store, online::open_store(*project, *plugins));
  const auto epoch = static_cast<std::uint64_t>(session.clock().now_us());
  RTML_TRY_ASSIGN(
      const online::DroppedView dropped,
      online::drop_view(version.identity, dry_run, epoch, *store, {.cancel = &session.cancel()}));
  return dropped.groups;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::string& name = arguments.text("NAME");
  const bool allow_breaking = arguments.flag("--allow-breaking");
  const bool drops = arguments.flag("--drop-online");
  RTML_TRY_ASSIGN(registry::Registry * registry, session.registry());
  RTML_TRY_ASSIGN(
      const RegistryChange change,
      make_registry_change("feature retire", {{"name", name}, {"allow_breaking", allow_breaking}},
                           arguments, session));
  plan::Retirement retirement;
  const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
    RTML_TRY_ASSIGN(const plan::Registered registered, plan::read_registered(transaction));
    RTML_TRY_ASSIGN(retirement, plan::plan_retirement(name, registered));
    if (drops && retirement.definition.kind != "feature_view") {
      return fail(ErrorCode::kUsage,
                  "the online store keeps nothing of a service or an on-demand "
                  "view: " +
                      retirement.definition.label());
    }
    RTML_TRY(plan::retire(retirement, allow_breaking, transaction));
    const registry::Definition& version = retirement.definition;
    return Json{{"kind", version.kind},           {"name", version.name},
                {"version", version.label()},     {"identity", version.identity},
                {"was_retired", version.retired}, {"users", retirement.users}};
  };
  RTML_TRY_ASSIGN(const registry::Answer answer, registry->change(change.change, work));
  Report report;
  report.data = answer.value;
  add_change_outcome(report, change, answer.repeated);
  const bool dry_run = change.change.dry_run;
  const std::string label = answer.value["version"].get<std::string>();
  if (answer.value["was_retired"].get<bool>()) {
    report.line(label + " is retired already", Tone::kFaint);
  } else {
    report.line((dry_run ? "would retire " : "retired ") + label);
  }
  for (const Json& user : answer.value["users"]) {
    report.line("  used by " + user.get<std::string>(), Tone::kWarning);
  }
  report.data["online_groups"] = nullptr;
  if (!drops) return report;
  registry::Definition version;
  version.identity = answer.value["identity"].get<std::string>();
  RTML_TRY_ASSIGN(const std::int64_t groups, drop_online(version, dry_run, session));
  report.data["online_groups"] = groups;
  report.line((dry_run ? "would remove " : "removed ") + counted(groups, "group") +
              " from the online store");
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureRetire{
    .path = "feature retire",
    .summary = "Retire a version of a view or service",
    .description =
        "Marks the version in the registry as one that nobody is to use. It stays there, with "
        "its number and definition; \"feature list\" shows it only with --all, and where the "
        "plain name means it, that means nothing from then on. \"feature apply\" of the same "
        "definition takes it back, so remove it from the project too.\n\n"
        "Refuses while a service or on-demand view that is not retired, or a model behind an "
        "alias, uses the version, unless --allow-breaking is given. End the version's stream "
        "before --drop-online removes its kept state. A terminal is asked first; anything else "
        "needs --yes.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .asks_confirmation = true,
    .run = run,
};

}  // namespace rtml::cli::commands
