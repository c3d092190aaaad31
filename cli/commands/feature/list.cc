#include "cli/commands/feature/list.h"

#include <algorithm>

#include "cli/commands/feature/plan_report.h"
#include "cli/session.h"
#include "core/base/text_list.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--owner", .value = "NAME", .help = "Only what this owner answers for"},
    {.name = "--tag",
     .type = OptionType::kTextList,
     .value = "KEY[=VALUE]",
     .help = "Only what has this tag; every one of several"},
    {.name = "--all", .type = OptionType::kFlag, .help = "Retired versions too"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature list", .says = "List feature views and services"},
    {.command = "rtml feature list --tag team=risk", .says = "List what a team has tagged"},
    {.command = "rtml feature list --output jsonl", .says = "List them as JSON, one a line"},
};

// How a definition stands to the registry: its state, and the version the plain name means.
struct State {
  std::string state;  // "new", "changed", "applied".
  std::string version;
};

State state_of(const plan::Plan& plan, std::string_view kind, const std::string& name) {
  if (project::names_version(name)) return {"applied", name};
  for (const plan::Step& step : plan.steps) {
    if (step.kind != kind || step.name != name) continue;
    if (step.action == plan::Action::kUnchanged) return {"applied", step.current};
    return {std::string(plan::to_string(step.action)), step.current};
  }
  return {};
}

// What a row says of a definition beside its state.
struct Row {
  std::string_view kind;
  std::string name;
  project::Notes notes;
  std::vector<std::string> entities = {};
  std::string source = {};
  std::size_t features = 0;
};

bool is_wanted(const project::Notes& notes, const Arguments& arguments) {
  if (arguments.has("--owner") && notes.owner != arguments.text("--owner")) return false;
  const auto& tags = arguments.list("--tag");
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& wanted) {
    const std::size_t equals = wanted.find('=');
    const auto found = notes.tags.find(wanted.substr(0, equals));
    return found != notes.tags.end() &&
           (equals == std::string::npos || found->second == wanted.substr(equals + 1));
  });
}

// The entities of the views that an on-demand view reads.
std::vector<std::string> entities_of(const project::OnDemandView& view,
                                     const project::Project& project) {
  std::vector<std::string> entities;
  for (const project::ServiceColumn& input : project.inputs_of(view)) {
    for (const std::string& entity : input.view->entities) {
      if (std::find(entities.begin(), entities.end(), entity) == entities.end()) {
        entities.push_back(entity);
      }
    }
  }
  return entities;
}

void add_row(Report& report, Table& table, const Row& row, const State& state) {
  report.data["definitions"].push_back(
      {{"kind", std::string(row.kind)},
       {"name", row.name},
       {"entities", row.entities},
       {"source", row.source.empty() ? Json() : Json(row.source)},
       {"features", row.features},
       {"owner", row.notes.owner.empty() ? Json() : Json(row.notes.owner)},
       {"tags", Json(row.notes.tags)},
       {"state", state.state},
       {"version", state.version.empty() ? Json() : Json(state.version)}});
  const Tone tone = state.state == "applied" ? Tone::kGood : Tone::kWarning;
  table.rows.push_back({row.name, std::string(row.kind), text_list(row.entities), row.source,
                        std::to_string(row.features), Text(state.state, tone), state.version});
}

bool is_listed(std::string_view kind) {
  return kind == "feature_view" || kind == "on_demand_view" || kind == "feature_service";
}

// Whether the registry has retired what the project defines under a name.
bool is_retired(const plan::Plan& plan, const plan::Registered& registered, std::string_view kind,
                const std::string& name) {
  for (const plan::Step& step : plan.steps) {
    if (step.kind != kind || step.name != name) continue;
    for (const registry::Definition& version : registered.all) {
      if (version.kind == kind && version.identity == step.identity) return version.retired;
    }
  }
  return false;
}

// A retired version, as the registry keeps it.
void add_retired(Report& report, Table& table, const registry::Definition& version) {
  const Json& definition = version.content.at("definition");
  std::vector<std::string> sources = definition.value("sources", std::vector<std::string>());
  if (definition.contains("source")) sources.push_back(definition["source"].get<std::string>());
  const Row row{.kind = version.kind,
                .name = version.name,
                .notes = {},
                .entities = definition.value("entities", std::vector<std::string>()),
                .source = text_list(sources),
                .features = definition.at("features").size()};
  add_row(report, table, row, {"retired", version.label()});
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(const plan::Registered registered, read_registered(session));
  const plan::Plan plan = plan::make_plan(*project, registered);
  Report report;
  report.data["definitions"] = Json::array();
  report.rows_key = "definitions";
  Table table;
  table.columns = {{"name"},           {"kind"},  {"entities"}, {"source"},
                   {"features", true}, {"state"}, {"version"}};
  const auto add = [&](const Row& row) {
    if (is_retired(plan, registered, row.kind, row.name)) return;
    if (is_wanted(row.notes, arguments)) {
      add_row(report, table, row, state_of(plan, row.kind, row.name));
    }
  };
  for (const project::FeatureView* view : project->views_in_use()) {
    add({"feature_view", view->name, view->notes, view->entities,
         text_list(view->sources, &project::LocatedText::text), view->features.size()});
  }
  for (const project::OnDemandView& view : project->on_demand_views()) {
    add({"on_demand_view", view.name, view.notes, entities_of(view, *project), "",
         view.features.size()});
  }
  for (const project::FeatureService& service : project->services()) {
    const project::FeatureSelection selection = project->selection_of(service);
    add({"feature_service",
         service.name,
         service.notes,
         {},
         "",
         selection.features.size() + selection.on_demand.size()});
  }
  for (const registry::Definition& version : registered.all) {
    // What owner and tags say is in the project's files alone.
    const bool is_filtered = arguments.has("--owner") || !arguments.list("--tag").empty();
    if (!arguments.flag("--all") || is_filtered) break;
    if (version.retired && is_listed(version.kind)) add_retired(report, table, version);
  }
  report.add(std::move(table));
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureList{
    .path = "feature list",
    .summary = "List the project's feature views and services",
    .description =
        "Says for each whether the registry holds it as it stands in the project: applied, "
        "changed or new. Older versions of views are there where a service of the project names "
        "them. Versions that were retired are left out, also where the project still has them, "
        "unless --all is given.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
