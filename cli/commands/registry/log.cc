#include "cli/commands/registry/log.h"

#include "cli/commands/registry/event_report.h"
#include "cli/session.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--model",
     .value = "MODEL",
     .help = "Events about this model only",
     .completion = Completion::kModel},
    {.name = "--since",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "Events at or after this time only"},
    {.name = "--limit",
     .type = OptionType::kInteger,
     .value = "N",
     .help = "The newest N events only; all without it"},
};

constexpr Example kExamples[] = {
    {.command = "rtml registry log --limit 20", .says = "Show the newest changes"},
    {.command = "rtml registry log --since 2026-01-01 --output jsonl",
     .says = "Every change of this year, one JSON object a line"},
};

Result<std::vector<registry::Event>> read_events(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  const std::string& model = arguments.text("--model");
  RTML_TRY_ASSIGN(const auto events,
                  reader.events({.model = model,
                                 .since_us = arguments.optional_integer("--since"),
                                 .limit = arguments.integer("--limit")}));
  if (events.empty() && !model.empty()) RTML_TRY(reader.model(model));
  return events;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_limit(arguments));
  RTML_TRY_ASSIGN(const auto events, read_events(arguments, session));
  Report report;
  add_events(report, events);
  return report;
}

}  // namespace

constinit const CommandSpec kRegistryLog{
    .path = "registry log",
    .summary = "Show every change of the registry, newest first",
    .description =
        "Each event says who changed what, when, from which git commit, why, and on what "
        "evidence. Events are chained by their hashes; \"rtml registry check\" proves the "
        "chain.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
