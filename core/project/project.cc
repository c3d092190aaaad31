#include "core/project/project.h"

#include <algorithm>

#include "core/base/name.h"
#include "core/base/text_list.h"
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
  return fail(Error(ErrorCode::kUnknownReference, "no " + std::string(noun) + " is called \"" +
                                                      std::string(name) + "\"" +
                                                      did_you_mean(name, known))
                  .with_help(known.empty() ? "the project defines none"
                                           : "the project defines: " + short_list(known)));
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

Result<const OnDemandView*> Project::find_on_demand_view(std::string_view name) const {
  return find_in(on_demand_views(), "on-demand view", name);
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
  return view.sources.size() > 1 ? *look_up(std::span<const Source>(unions_), view.source)
                                 : *look_up(sources(), view.source);
}

std::vector<const Source*> Project::sources_of(const FeatureView& view) const {
  std::vector<const Source*> found;
  for (const LocatedText& source : view.sources) found.push_back(look_up(sources(), source.text));
  return found;
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
  return selection_of(service).features;
}

FeatureSelection Project::selection_of(const FeatureService& service) const {
  FeatureSelection selection;
  const auto takes = [](const ServiceItem& item, const Feature& feature) {
    return item.feature.empty() || feature.name == item.feature;
  };
  for (const ServiceItem& item : service.features) {
    const std::string prefix = service.full_feature_names ? item.view + "__" : "";
    // Neither is there only while a project with errors is being checked.
    if (const FeatureView* view = look_up(views(), item.view)) {
      for (const Feature& feature : view->features) {
        if (!takes(item, feature)) continue;
        selection.features.push_back({view, &feature, prefix + feature.name});
      }
    } else if (const OnDemandView* on_demand = look_up(on_demand_views(), item.view)) {
      for (const Feature& feature : on_demand->features) {
        if (!takes(item, feature)) continue;
        selection.on_demand.push_back({on_demand, &feature, prefix + feature.name});
      }
    }
  }
  return selection;
}

std::vector<ServiceColumn> Project::inputs_of(const OnDemandView& view) const {
  FeatureService inputs;
  inputs.features = view.inputs;
  inputs.full_feature_names = true;
  return selection_of(inputs).features;
}

Result<FeatureSelection> Project::select_features(std::span<const std::string> references,
                                                  bool full_feature_names) const {
  FeatureService wanted;
  for (const std::string& reference : references) {
    if (const FeatureService* service = look_up(services(), reference)) {
      wanted.features.insert(wanted.features.end(), service->features.begin(),
                             service->features.end());
      wanted.full_feature_names |= service->full_feature_names;
      continue;
    }
    if (reference.find('@') != std::string::npos) {
      return fail(
          Error(ErrorCode::kUnsupported,
                "a view is read as the project defines it, not by its version: " + reference)
              .with_help("\"rtml feature show NAME\" lists the versions of the registry"));
    }
    const std::size_t colon = reference.find(':');
    const bool names_feature = colon != std::string::npos;
    ServiceItem item{
        reference.substr(0, colon), names_feature ? reference.substr(colon + 1) : "", {}};
    const FeatureView* view = look_up(views(), item.view);
    const OnDemandView* on_demand = look_up(on_demand_views(), item.view);
    if (view == nullptr && on_demand == nullptr) {
      std::vector<std::string> known = names_of(views());
      for (std::string& name : names_of(on_demand_views())) known.push_back(std::move(name));
      if (!names_feature) {
        for (std::string& name : names_of(services())) known.push_back(std::move(name));
      }
      return unknown("feature view or service", item.view, known);
    }
    const std::span<const Feature> features =
        view != nullptr ? view->features : on_demand->features;
    if (names_feature && look_up(features, item.feature) == nullptr) {
      return unknown("feature of view \"" + item.view + "\"", item.feature, names_of(features));
    }
    wanted.features.push_back(std::move(item));
  }
  wanted.full_feature_names |= full_feature_names;
  return selection_of(wanted);
}

Result<std::vector<ServiceColumn>> Project::resolve_features(
    std::span<const std::string> references, bool full_feature_names) const {
  for (const std::string& reference : references) {
    const std::string name = reference.substr(0, reference.find(':'));
    if (look_up(on_demand_views(), name) == nullptr) continue;
    return fail(Error(ErrorCode::kUsage,
                      "features of an on-demand view exist only in a request: " + reference)
                    .with_help("\"rtml dataset build\" computes them from the rows that ask, "
                               "\"rtml feature get\" from --request"));
  }
  RTML_TRY_ASSIGN(FeatureSelection selection, select_features(references, full_feature_names));
  return std::move(selection.features);
}

}  // namespace rtml::project
