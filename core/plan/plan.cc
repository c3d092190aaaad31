#include "core/plan/plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/plan/difference.h"
#include "core/project/identity.h"

namespace rtml::plan {
namespace {

constexpr std::string_view kKinds[] = {"source", "entity", "feature_view", "on_demand_view",
                                       "feature_service"};

// Features of one view that are gone or have another type, with the words for it.
using LostFeatures = std::map<std::string, std::string>;

template <typename Definition>
Step step_of(std::string_view kind, const project::Project& project, const Definition& definition) {
  Step step;
  step.kind = kind;
  step.name = definition.name;
  step.content = project::content(project, definition);
  step.identity = project::identity(project, definition);
  return step;
}

std::vector<Step> steps_of(const project::Project& project) {
  std::vector<Step> steps;
  for (const auto& source : project.sources()) steps.push_back(step_of("source", project, source));
  for (const auto& entity : project.entities()) {
    // An implied entity has no definition of its own; its views hold what it means.
    if (!entity.implied) steps.push_back(step_of("entity", project, entity));
  }
  for (const auto& view : project.views()) steps.push_back(step_of("feature_view", project, view));
  for (const auto& view : project.on_demand_views()) {
    steps.push_back(step_of("on_demand_view", project, view));
  }
  for (const auto& service : project.services()) {
    steps.push_back(step_of("feature_service", project, service));
  }
  return steps;
}

LostFeatures lost_features(const Json& before, const Json* after) {
  std::map<std::string, std::string> types;
  if (after != nullptr) {
    for (const Json& feature : after->at("definition").at("features")) {
      types[feature.at("name")] = feature.at("type");
    }
  }
  LostFeatures lost;
  for (const Json& feature : before.at("definition").at("features")) {
    const std::string name = feature.at("name");
    const std::string type = feature.at("type");
    const auto now = types.find(name);
    if (now == types.end()) {
      lost[name] = "goes";
    } else if (now->second != type) {
      lost[name] = "becomes " + now->second + " instead of " + type;
    }
  }
  return lost;
}

// The features of `view` that the content of a service or on-demand view takes.
struct UsedFeatures {
  bool all = false;
  std::set<std::string> names;
};
UsedFeatures used_features(const Json& content, const std::string& view) {
  UsedFeatures used;
  const Json& definition = content.at("definition");
  const bool is_service = definition.at("kind") == "feature_service";
  for (const Json& item : definition.at(is_service ? "features" : "inputs")) {
    const std::string text = item;
    if (text == view) used.all = true;
    if (text.starts_with(view + ":")) used.names.insert(text.substr(view.size() + 1));
  }
  return used;
}

void add_breaks(const std::string& who, const UsedFeatures& used, const std::string& view,
                const LostFeatures& lost, std::vector<std::string>& breaks) {
  for (const auto& [feature, how] : lost) {
    if (!used.all && !used.names.contains(feature)) continue;
    breaks.push_back(who + " uses " + view + ":" + feature + ", which " + how);
  }
}

// What breaks where the view that plain `step.name` means is replaced.
std::vector<std::string> breaks_of(const Step& step, const Registered& registered,
                                   const LostFeatures& lost) {
  std::vector<std::string> breaks;
  if (lost.empty()) return breaks;
  for (const registry::Definition& definition : registered.current) {
    const bool is_service = definition.kind == "feature_service";
    if (!is_service && definition.kind != "on_demand_view") continue;
    add_breaks((is_service ? "service " : "on-demand view ") + definition.label(),
               used_features(definition.content, step.name), step.name, lost, breaks);
  }
  for (const auto& [alias, version] : registered.in_use) {
    const auto bound =
        std::find_if(version.views.begin(), version.views.end(),
                     [&](const registry::Binding& binding) { return binding.name == step.name; });
    if (bound == version.views.end()) continue;
    // A version whose service the registry never saw is taken to use all of the view.
    UsedFeatures used{true, {}};
    for (const registry::Definition& definition : registered.all) {
      if (definition.kind == "feature_service" && definition.identity == version.service.identity) {
        used = used_features(definition.content, step.name);
      }
    }
    add_breaks("model " + alias, used, step.name, lost, breaks);
  }
  return breaks;
}

bool has_features(std::string_view kind) {
  return kind == "feature_view" || kind == "on_demand_view";
}

const registry::Definition* find_current(const Registered& registered, const Step& step) {
  for (const registry::Definition& definition : registered.current) {
    if (definition.kind == step.kind && definition.name == step.name) return &definition;
  }
  return nullptr;
}

void compare(Step& step, const Registered& registered) {
  const registry::Definition* current = find_current(registered, step);
  if (current == nullptr) {
    step.action = Action::kNew;
    return;
  }
  step.current = current->label();
  if (current->identity == step.identity) return;
  step.action = Action::kChanged;
  step.changes = differences(current->content, step.content);
  if (has_features(step.kind)) {
    step.breaks = breaks_of(step, registered, lost_features(current->content, &step.content));
  }
}

std::size_t order_of(const std::string& kind) {
  return static_cast<std::size_t>(std::find(std::begin(kKinds), std::end(kKinds), kind) -
                                  std::begin(kKinds));
}

}  // namespace

std::string_view to_string(Action action) {
  static constexpr std::string_view kNames[] = {"unchanged", "new", "changed", "retired"};
  return kNames[static_cast<std::size_t>(action)];
}

std::int64_t Plan::count(Action action) const {
  return std::count_if(steps.begin(), steps.end(),
                       [&](const Step& step) { return step.action == action; });
}

std::vector<std::string> Plan::breaks() const {
  std::vector<std::string> all;
  for (const Step& step : steps) all.insert(all.end(), step.breaks.begin(), step.breaks.end());
  return all;
}

Result<Registered> read_registered(const registry::Reader& reader) {
  Registered registered;
  RTML_TRY_ASSIGN(registered.current, reader.current_definitions());
  RTML_TRY_ASSIGN(registered.all, reader.definitions());
  RTML_TRY_ASSIGN(const auto aliases, reader.aliases());
  for (const registry::Alias& alias : aliases) {
    RTML_TRY_ASSIGN(auto version, reader.version(alias.model, alias.number));
    registered.in_use.emplace_back(alias.model + "@" + alias.name, std::move(version));
  }
  return registered;
}

Plan make_plan(const project::Project& project, const Registered& registered) {
  Plan plan;
  plan.steps = steps_of(project);
  for (Step& step : plan.steps) compare(step, registered);
  for (const registry::Definition& definition : registered.current) {
    if (order_of(definition.kind) == std::size(kKinds)) continue;
    const bool is_defined =
        std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
          return step.kind == definition.kind && step.name == definition.name;
        });
    if (is_defined) continue;
    Step step;
    step.kind = definition.kind;
    step.name = definition.name;
    step.action = Action::kRetired;
    step.current = definition.label();
    if (has_features(step.kind)) {
      step.breaks = breaks_of(step, registered, lost_features(definition.content, nullptr));
    }
    plan.steps.push_back(std::move(step));
  }
  std::sort(plan.steps.begin(), plan.steps.end(), [](const Step& a, const Step& b) {
    return std::pair(order_of(a.kind), a.name) < std::pair(order_of(b.kind), b.name);
  });
  return plan;
}

Status apply(const Plan& plan, bool allow_breaking, registry::Transaction& transaction) {
  if (const auto breaks = plan.breaks(); !breaks.empty() && !allow_breaking) {
    std::vector<Error> errors;
    for (const std::string& what : breaks) {
      errors.emplace_back(ErrorCode::kBreakingChange, what);
    }
    errors.back() = Error(ErrorCode::kBreakingChange, breaks.back())
                        .with_help("give the view another name, or repeat with --allow-breaking");
    return fail(Error::many(std::move(errors)));
  }
  for (const Step& step : plan.steps) {
    if (step.action == Action::kRetired) {
      RTML_TRY(transaction.retire(step.kind, step.name));
    } else if (step.action != Action::kUnchanged) {
      RTML_TRY(transaction.apply(step.kind, step.name, step.identity, step.content));
    }
  }
  return {};
}

}  // namespace rtml::plan
