#include "core/project/project.h"

#include <algorithm>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/project/loader.h"
#include "core/project/versions.h"

namespace rtml::project {
namespace {

// In the order in which a name of several kinds is looked for.
constexpr std::string_view kKinds[] = {"feature_view", "on_demand_view", "feature_service"};
constexpr Versions::Kinds kViewKind = Versions::Kinds(kKinds).first(1);
constexpr Versions::Kinds kOnDemandKind = Versions::Kinds(kKinds).subspan(1, 1);
constexpr Versions::Kinds kItemKinds = Versions::Kinds(kKinds).first(2);
constexpr Versions::Kinds kServiceKind = Versions::Kinds(kKinds).last(1);

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

Project::Project() = default;
Project::Project(Project&&) noexcept = default;
Project& Project::operator=(Project&&) noexcept = default;
Project::~Project() = default;

Result<Project> Project::load(const std::filesystem::path& root, const Environment& environment,
                              StoredDefinitions stored) {
  Loader loader(root, environment, std::move(stored));
  loader.read_files();
  return loader.finish();
}

Result<const Source*> Project::find_source(std::string_view name) const {
  if (const Source* version = versions_->find_source(name)) return version;
  return find_in(sources(), "source", name);
}

Result<const Entity*> Project::find_entity(std::string_view name) const {
  return find_in(entities(), "entity", name);
}

Result<const FeatureView*> Project::find_view(std::string_view name) const {
  if (!names_version(name)) return find_in(views(), "feature view", name);
  RTML_TRY_ASSIGN(const std::string bound, versions_->bind(*this, name, kViewKind));
  return target_of({bound, "", {}}).view;
}

Result<const OnDemandView*> Project::find_on_demand_view(std::string_view name) const {
  if (!names_version(name)) return find_in(on_demand_views(), "on-demand view", name);
  RTML_TRY_ASSIGN(const std::string bound, versions_->bind(*this, name, kOnDemandKind));
  return target_of({bound, "", {}}).on_demand;
}

Result<const FeatureService*> Project::find_service(std::string_view name) const {
  if (!names_version(name)) return find_in(services(), "feature service", name);
  RTML_TRY_ASSIGN(const std::string bound, versions_->bind(*this, name, kServiceKind));
  const FeatureService* version = versions_->find_service(bound);
  return version != nullptr ? version : look_up(services(), bound);
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

Result<std::string> Project::recorded_view(std::string_view name, std::string_view identity) const {
  return versions_->bind_recorded(*this, name, identity, kItemKinds);
}

Result<std::string> Project::recorded_service(std::string_view name,
                                              std::string_view identity) const {
  return versions_->bind_recorded(*this, name, identity, kServiceKind);
}

Result<std::string> Project::recorded_source(const std::string& name,
                                             std::string_view identity) const {
  RTML_TRY_ASSIGN(const Source* source, versions_->recorded_source(*this, name, identity));
  return source->label();
}

std::vector<const FeatureView*> Project::views_in_use() const {
  std::vector<const FeatureView*> used;
  const auto add = [&](const FeatureView* view) {
    if (std::find(used.begin(), used.end(), view) == used.end()) used.push_back(view);
  };
  const auto add_inputs = [&](const OnDemandView& view) {
    for (const ServiceColumn& input : inputs_of(view)) add(input.view);
  };
  for (const FeatureView& view : views_) add(&view);
  for (const OnDemandView& view : on_demand_views_) add_inputs(view);
  for (const FeatureService& service : services_) {
    const FeatureSelection selection = selection_of(service);
    for (const ServiceColumn& column : selection.features) add(column.view);
    for (const OnDemandColumn& column : selection.on_demand) add_inputs(*column.view);
  }
  return used;
}

const Source& Project::source_of(const FeatureView& view) const {
  if (view.basis) return *view.basis->source;
  return view.sources.size() > 1 ? *look_up(std::span<const Source>(unions_), view.source)
                                 : *look_up(sources(), view.source);
}

std::vector<const Source*> Project::sources_of(const FeatureView& view) const {
  if (view.basis) return view.basis->sources;
  std::vector<const Source*> found;
  for (const LocatedText& source : view.sources) found.push_back(look_up(sources(), source.text));
  return found;
}

std::vector<const Entity*> Project::entities_of(const FeatureView& view) const {
  const std::span<const Entity> known = view.basis ? view.basis->entities : entities();
  std::vector<const Entity*> found;
  for (const std::string& name : view.entities) found.push_back(look_up(known, name));
  return found;
}

std::map<std::string, table::DataType> Project::column_types(const Source& source) const {
  std::map<std::string, table::DataType> types;
  for (const SourceColumn& column : source.columns) {
    if (column.type) types.emplace(column.name, *column.type);
  }
  types.insert(source.key_types.begin(), source.key_types.end());
  for (const FeatureView& view : views_) {
    if (!view.reads_source(source.name)) continue;
    for (const EntityKey& key : keys_of(view)) {
      if (key.type) types.emplace(key.column, *key.type);
    }
  }
  types[source.timestamp.column] = {table::Kind::kTimestamp, false};
  if (source.created) types[source.created->column] = {table::Kind::kTimestamp, false};
  return types;
}

ItemTarget Project::target_of(const ServiceItem& item) const {
  const std::string& name = item.definition();
  if (!names_version(name)) return {look_up(views(), name), look_up(on_demand_views(), name)};
  if (const FeatureView* view = versions_->find_view(name)) return {view, nullptr};
  return {nullptr, versions_->find_on_demand_view(name)};
}

std::vector<EntityKey> Project::keys_of(const FeatureView& view) const {
  std::vector<EntityKey> keys;
  for (const Entity* entity : entities_of(view)) {
    keys.insert(keys.end(), entity->keys.begin(), entity->keys.end());
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
    const std::string prefix = service.full_feature_names ? item.prefix() : "";
    // Neither is there only while a project with errors is being checked.
    const ItemTarget target = target_of(item);
    if (target.view != nullptr) {
      for (const Feature& feature : target.view->features) {
        if (!takes(item, feature)) continue;
        selection.features.push_back({target.view, &feature, prefix + feature.name});
      }
    } else if (target.on_demand != nullptr) {
      for (const Feature& feature : target.on_demand->features) {
        if (!takes(item, feature)) continue;
        selection.on_demand.push_back({target.on_demand, &feature, prefix + feature.name});
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

Result<Project::Named> Project::read_reference(const std::string& reference) const {
  const std::size_t colon = reference.find(':');
  const bool names_feature = colon != std::string::npos;
  Named named;
  named.item.view = reference.substr(0, colon);
  if (names_feature) named.item.feature = reference.substr(colon + 1);
  if (names_version(named.item.view)) {
    const Versions::Kinds kinds = names_feature ? kItemKinds : Versions::Kinds(kKinds);
    RTML_TRY_ASSIGN(named.item.bound, versions_->bind(*this, named.item.view, kinds));
  }
  if (names_feature) return named;
  const std::string& name = named.item.definition();
  named.service = names_version(name) ? versions_->find_service(name) : look_up(services(), name);
  return named;
}

Status Project::check_item(const ServiceItem& item, bool names_feature) const {
  const ItemTarget target = target_of(item);
  if (target.view == nullptr && target.on_demand == nullptr) {
    std::vector<std::string> known = names_of(views());
    for (std::string& name : names_of(on_demand_views())) known.push_back(std::move(name));
    if (!names_feature) {
      for (std::string& name : names_of(services())) known.push_back(std::move(name));
    }
    return unknown("feature view or service", item.view, known);
  }
  const std::span<const Feature> features =
      target.view != nullptr ? target.view->features : target.on_demand->features;
  if (!names_feature || look_up(features, item.feature) != nullptr) return {};
  return unknown("feature of view \"" + item.view + "\"", item.feature, names_of(features));
}

Result<FeatureSelection> Project::select_features(std::span<const std::string> references,
                                                  bool full_feature_names) const {
  FeatureService wanted;
  for (const std::string& reference : references) {
    RTML_TRY_ASSIGN(Named named, read_reference(reference));
    if (const FeatureService* service = named.service) {
      wanted.features.insert(wanted.features.end(), service->features.begin(),
                             service->features.end());
      wanted.full_feature_names |= service->full_feature_names;
      continue;
    }
    RTML_TRY(check_item(named.item, reference.find(':') != std::string::npos));
    wanted.features.push_back(std::move(named.item));
  }
  wanted.full_feature_names |= full_feature_names;
  return selection_of(wanted);
}

Result<std::vector<ServiceColumn>> Project::resolve_features(
    std::span<const std::string> references, bool full_feature_names) const {
  for (const std::string& reference : references) {
    RTML_TRY_ASSIGN(const Named named, read_reference(reference));
    if (named.service != nullptr || target_of(named.item).on_demand == nullptr) continue;
    return fail(Error(ErrorCode::kUsage,
                      "features of an on-demand view exist only in a request: " + reference)
                    .with_help("\"rtml dataset build\" computes them from the rows that ask, "
                               "\"rtml feature get\" from --request"));
  }
  RTML_TRY_ASSIGN(FeatureSelection selection, select_features(references, full_feature_names));
  return std::move(selection.features);
}

}  // namespace rtml::project
