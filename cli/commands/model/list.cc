#include "cli/commands/model/list.h"

#include "cli/session.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr Example kExamples[] = {
    {.command = "rtml model list", .says = "Show every model"},
    {.command = "rtml model list --output jsonl", .says = "One JSON object a model, for a script"},
};

Json model_object(const registry::ModelSummary& model) {
  Json aliases = Json::object();
  for (const registry::Alias& alias : model.aliases) aliases[alias.name] = alias.number;
  return Json{{"model", model.name},
              {"versions", model.version_count},
              {"latest", model.latest},
              {"latest_created", format_timestamp(model.latest_created_us)},
              {"aliases", std::move(aliases)}};
}

std::string aliases_text(const registry::ModelSummary& model) {
  return text_list(model.aliases, [](const registry::Alias& alias) {
    return alias.name + "@" + std::to_string(alias.number);
  });
}

Result<std::vector<registry::ModelSummary>> read_models(Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  return reader.models();
}

Result<Report> run(const Arguments&, Session& session) {
  RTML_TRY_ASSIGN(const auto models, read_models(session));
  Report report;
  report.rows_key = "models";
  report.data["models"] = Json::array();
  Table table;
  table.columns = {{"model"}, {"versions", true}, {"latest", true}, {"created"}, {"aliases"}};
  for (const registry::ModelSummary& model : models) {
    report.data["models"].push_back(model_object(model));
    table.rows.push_back({model.name, std::to_string(model.version_count),
                          std::to_string(model.latest), format_timestamp(model.latest_created_us),
                          aliases_text(model)});
  }
  if (models.empty()) {
    report.line("no models yet; \"rtml register RUN --model NAME\" makes one", Tone::kFaint);
  } else {
    report.add(std::move(table));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kModelList{
    .path = "model list",
    .summary = "List the models",
    .description = "Shows how many versions each model has, its latest, and where aliases point.",
    .needs = Needs::kRegistry,
    .options = {},
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
