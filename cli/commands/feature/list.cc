#include "cli/commands/feature/list.h"

#include "cli/commands/feature/plan_report.h"
#include "cli/session.h"

namespace rtml::cli::commands {
namespace {

constexpr Example kExamples[] = {
    {.command = "rtml feature list", .says = "List feature views and services"},
    {.command = "rtml feature list --output jsonl", .says = "List them as JSON, one a line"},
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// How a definition stands to the registry: its state, and the version the plain name means.
struct State {
  std::string state;  // "new", "changed", "applied".
  std::string version;
};

State state_of(const plan::Plan& plan, std::string_view kind, const std::string& name) {
  for (const plan::Step& step : plan.steps) {
    if (step.kind != kind || step.name != name) continue;
    if (step.action == plan::Action::kUnchanged) return {"applied", step.current};
    return {std::string(plan::to_string(step.action)), step.current};
  }
  return {};
}

void add_row(Report& report, Table& table, std::string_view kind, const std::string& name,
             const std::vector<std::string>& entities, const std::string& source,
             std::size_t features, const State& state) {
  report.data["definitions"].push_back(
      {{"kind", std::string(kind)},
       {"name", name},
       {"entities", entities},
       {"source", source.empty() ? Json() : Json(source)},
       {"features", features},
       {"state", state.state},
       {"version", state.version.empty() ? Json() : Json(state.version)}});
  const Tone tone = state.state == "applied" ? Tone::kGood : Tone::kWarning;
  table.rows.push_back({name, std::string(kind), joined(entities), source, std::to_string(features),
                        Text(state.state, tone), state.version});
}

Result<Report> run(const Arguments&, Session& session) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(const plan::Registered registered, read_registered(session));
  const plan::Plan plan = plan::make_plan(*project, registered);
  Report report;
  report.data["definitions"] = Json::array();
  report.rows_key = "definitions";
  Table table;
  table.columns = {{"name"},           {"kind"},  {"entities"}, {"source"},
                   {"features", true}, {"state"}, {"version"}};
  for (const project::FeatureView& view : project->views()) {
    add_row(report, table, "feature_view", view.name, view.entities, view.source,
            view.features.size(), state_of(plan, "feature_view", view.name));
  }
  for (const project::FeatureService& service : project->services()) {
    add_row(report, table, "feature_service", service.name, {}, "",
            project->columns_of(service).size(), state_of(plan, "feature_service", service.name));
  }
  report.add(std::move(table));
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureList{
    .path = "feature list",
    .summary = "List the project's feature views and services",
    .description =
        "Says for each whether the registry holds it as it stands in the project: applied,\n"
        "changed or new.",
    .needs = Needs::kProject,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
