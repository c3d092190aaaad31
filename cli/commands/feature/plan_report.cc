#include "cli/commands/feature/plan_report.h"

#include "core/plan/check_views.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

struct Mark {
  const char* sign;
  Tone tone;
};

Mark mark_of(plan::Action action) {
  switch (action) {
    case plan::Action::kNew:
      return {"+ ", Tone::kGood};
    case plan::Action::kChanged:
      return {"~ ", Tone::kWarning};
    case plan::Action::kRetired:
      return {"- ", Tone::kBad};
    case plan::Action::kUnchanged:
      break;
  }
  return {"  ", Tone::kFaint};
}

Json json_of(const plan::Step& step) {
  Json json = {{"kind", step.kind},
               {"name", step.name},
               {"action", std::string(plan::to_string(step.action))}};
  json["current"] = step.current.empty() ? Json() : Json(step.current);
  json["identity"] = step.identity.empty() ? Json() : Json(step.identity);
  json["changes"] = step.changes;
  json["breaks"] = step.breaks;
  return json;
}

}  // namespace

Status check_features(Session& session, Report& report) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  const dataset::BuildContext context{*project, *plugins, session.progress(), session.cancel()};
  RTML_TRY_ASSIGN(auto warnings, plan::check_views(context));
  for (std::string& warning : warnings) report.warnings.push_back(std::move(warning));
  return {};
}

Result<plan::Registered> read_registered(Session& session) {
  RTML_TRY_ASSIGN(registry::Registry * registry, session.registry());
  if (!registry->exists()) return plan::Registered{};
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  return plan::read_registered(reader);
}

void add_plan(Report& report, const plan::Plan& plan, std::string_view verb) {
  report.data["steps"] = Json::array();
  report.rows_key = "steps";
  for (const plan::Step& step : plan.steps) {
    report.data["steps"].push_back(json_of(step));
    if (step.action == plan::Action::kUnchanged) continue;
    const Mark mark = mark_of(step.action);
    const std::string name = step.current.empty() ? step.name : step.current;
    report.line(mark.sign + step.kind + " " + name, mark.tone);
    for (const std::string& change : step.changes) report.line("    " + change);
    for (const std::string& what : step.breaks) report.line("    breaks: " + what, Tone::kBad);
  }
  std::string counts;
  report.data["counts"] = Json::object();
  for (const plan::Action action : {plan::Action::kNew, plan::Action::kChanged,
                                    plan::Action::kRetired, plan::Action::kUnchanged}) {
    const std::string word(plan::to_string(action));
    report.data["counts"][word] = plan.count(action);
    if (!counts.empty()) counts += ", ";
    counts += std::to_string(plan.count(action)) + " " + word;
  }
  report.data["breaks"] = plan.breaks();
  report.line(std::string(verb) + ": " + counts, Tone::kStrong);
}

}  // namespace rtml::cli::commands
