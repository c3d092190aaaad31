#include "core/project/project.h"

#include <algorithm>

#include "core/base/name.h"
#include "core/project/loader.h"

namespace rtml::project {
namespace {

template <typename Definition>
const Definition* look_up(std::span<const Definition> definitions, std::string_view name) {
  const auto found = std::find_if(definitions.begin(), definitions.end(),
                                  [&](const Definition& entry) { return entry.name == name; });
  return found == definitions.end() ? nullptr : &*found;
}

template <typename Definition>
std::vector<std::string> names_of(std::span<const Definition> definitions) {
  std::vector<std::string> names;
  for (const Definition& entry : definitions) names.push_back(entry.name);
  return names;
}

tl::unexpected<Error> unknown(std::string_view noun, std::string_view name,
                              const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
  return fail(
      Error(ErrorCode::kUnknownReference, "no " + std::string(noun) + " is called \"" +
                                              std::string(name) + "\"" + did_you_mean(name, known))
          .with_help(known.empty() ? "the project defines none" : "the project defines: " + list));
}

template <typename Definition>
Result<const Definition*> find_in(std::span<const Definition> definitions, std::string_view noun,
                                  std::string_view name) {
  if (const Definition* found = look_up(definitions, name)) return found;
  return unknown(noun, name, names_of(definitions));
}

}  // namespace

Result<Project> Project::load(const std::filesystem::path& root, const Environment& environment) {
  Loader loader(root, environment);
  loader.read_files();
  return loader.finish();
}

Result<const Source*> Project::find_source(std::string_view name) const {
  return find_in(sources(), "source", name);
}

Result<const Entity*> Project::find_entity(std::string_view name) const {
  return find_in(entities(), "entity", name);
}

Result<const FeatureView*> Project::find_view(std::string_view name) const {
  return find_in(views(), "feature view", name);
}

Result<const FeatureService*> Project::find_service(std::string_view name) const {
  return find_in(services(), "feature service", name);
}

Result<const Pipeline*> Project::find_pipeline(std::string_view name) const {
  return find_in(pipelines(), "pipeline", name);
}

Result<const DriftCheck*> Project::find_drift_check(std::string_view name) const {
  return find_in(drift_checks(), "drift check", name);
}

Result<const Experiment*> Project::find_experiment(std::string_view name) const {
  return find_in(experiments(), "experiment", name);
}

const Source& Project::source_of(const FeatureView& view) const {
  return *look_up(sources(), view.source);
}

std::vector<EntityKey> Project::keys_of(const FeatureView& view) const {
  std::vector<EntityKey> keys;
  for (const std::string& name : view.entities) {
    const Entity& entity = *look_up(entities(), name);
    keys.insert(keys.end(), entity.keys.begin(), entity.keys.end());
  }
  return keys;
}

std::vector<ServiceColumn> Project::columns_of(const FeatureService& service) const {
  std::vector<ServiceColumn> columns;
  for (const ServiceItem& item : service.features) {
    const FeatureView* view = look_up(views(), item.view);
    // Only while a project with errors is being checked.
    if (view == nullptr) continue;
    for (const Feature& feature : view->features) {
      if (!item.feature.empty() && feature.name != item.feature) continue;
      const std::string prefix = service.full_feature_names ? view->name + "__" : "";
      columns.push_back({view, &feature, prefix + feature.name});
    }
  }
  return columns;
}

Result<std::vector<ServiceColumn>> Project::resolve_features(
    std::span<const std::string> references, bool full_feature_names) const {
  FeatureService wanted;
  for (const std::string& reference : references) {
    if (const FeatureService* service = look_up(services(), reference)) {
      wanted.features.insert(wanted.features.end(), service->features.begin(),
                             service->features.end());
      wanted.full_feature_names |= service->full_feature_names;
      continue;
    }
    const std::size_t colon = reference.find(':');
    const std::string view_name = reference.substr(0, colon);
    const FeatureView* view = look_up(views(), view_name);
    if (view == nullptr) {
      std::vector<std::string> known = names_of(views());
      const std::vector<std::string> services_known = names_of(services());
      if (colon == std::string::npos) {
        known.insert(known.end(), services_known.begin(), services_known.end());
      }
      return unknown("feature view or service", view_name, known);
    }
    ServiceItem item{view_name, colon == std::string::npos ? "" : reference.substr(colon + 1), {}};
    if (colon != std::string::npos &&
        look_up(std::span<const Feature>(view->features), item.feature) == nullptr) {
      return unknown("feature of view \"" + view_name + "\"", item.feature,
                     names_of(std::span<const Feature>(view->features)));
    }
    wanted.features.push_back(std::move(item));
  }
  wanted.full_feature_names |= full_feature_names;
  return columns_of(wanted);
}

}  // namespace rtml::project
