#include "cli/commands/model/history.h"

#include "cli/commands/registry/event_report.h"
#include "cli/session.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL", .help = "The model", .required = true, .completion = Completion::kModel},
    {.name = "--limit",
     .type = OptionType::kInteger,
     .value = "N",
     .help = "Show the newest N events only"},
};

constexpr Example kExamples[] = {
    {.command = "rtml model history price_direction", .says = "Show what happened, newest first"},
    {.command = "rtml model history price_direction --output json",
     .says = "The same with the figures that each decision stood on"},
};

Result<std::vector<registry::Event>> read_events(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  RTML_TRY_ASSIGN(const auto events, reader.events({.model = arguments.text("MODEL"),
                                                    .limit = arguments.integer("--limit")}));
  if (events.empty()) RTML_TRY(reader.model(arguments.text("MODEL")));
  return events;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_limit(arguments));
  RTML_TRY_ASSIGN(const auto events, read_events(arguments, session));
  Report report;
  report.data["model"] = arguments.text("MODEL");
  add_events(report, events);
  return report;
}

}  // namespace

constinit const CommandSpec kModelHistory{
    .path = "model history",
    .summary = "Show what happened to a model, when, by whom and why",
    .description =
        "Registrations, promotions, rollbacks and refusals, newest first. Nothing is ever "
        "taken out of it. The JSON has the evidence of each decision.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
