#include "core/project/versions.h"

#include <algorithm>
#include <utility>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/project/canonical_reader.h"
#include "core/project/identity.h"
#include "core/project/project.h"
#include "core/project/source_union.h"

namespace rtml::project {
namespace {

constexpr std::string_view kSourceKind[] = {"source"};
constexpr std::string_view kEntityKind[] = {"entity"};
constexpr std::string_view kViewKind[] = {"feature_view"};
constexpr std::string_view kItemKinds[] = {"feature_view", "on_demand_view"};

bool is_one_of(std::string_view kind, Versions::Kinds kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

template <typename Definitions>
auto find_named(const Definitions& definitions, std::string_view name) {
  const auto found = std::find_if(definitions.begin(), definitions.end(),
                                  [&](const auto& entry) { return entry.name == name; });
  return found == definitions.end() ? nullptr : &*found;
}

// Whether the project's own definition of that kind and name has an identity.
bool is_project_definition(const Project& project, std::string_view kind, std::string_view name,
                           std::string_view wanted) {
  const auto has_identity = [&](const auto& definitions) {
    const auto* found = find_named(definitions, name);
    return found != nullptr && identity(project, *found) == wanted;
  };
  if (kind == "feature_view") return has_identity(project.views());
  if (kind == "on_demand_view") return has_identity(project.on_demand_views());
  return kind == "feature_service" && has_identity(project.services());
}

Error damaged(const StoredDefinition& stored, const std::string& why) {
  return Error(ErrorCode::kRegistryCorrupt,
               "cannot make " + stored.label() + " out of the registry: " + why)
      .with_help("\"rtml registry check\" says whether the registry is sound");
}

Error retired(const StoredDefinition& stored) {
  return Error(ErrorCode::kUnknownReference,
               "nobody is to use a retired version: " + stored.label())
      .with_help("name another one; to apply its definition again takes it back");
}

// A text within the content, "" if there is none.
std::string text_in(const Json& content, const char* member, const std::string& name = "") {
  const Json* found = &content;
  for (const std::string& key : {std::string(member), name}) {
    if (key.empty()) continue;
    if (!found->is_object() || !found->contains(key)) return "";
    found = &found->at(key);
  }
  return found->is_string() ? found->get<std::string>() : "";
}

Json definition_in(const StoredDefinition& stored) {
  return stored.content.is_object() ? stored.content.value("definition", Json()) : Json();
}

}  // namespace

Status Versions::read_stored() {
  if (stored_) return {};
  stored_.emplace();
  if (!read_) return {};
  auto read = read_();
  if (!read) {
    stored_.reset();
    return fail(std::move(read).error());
  }
  stored_ = std::move(*read);
  return {};
}

const StoredDefinition* Versions::find_stored(std::string_view name, std::string_view identity,
                                              Kinds kinds) const {
  for (const StoredDefinition& stored : *stored_) {
    if (stored.name == name && stored.identity == identity && is_one_of(stored.kind, kinds)) {
      return &stored;
    }
  }
  return nullptr;
}

Error Versions::not_found(std::string_view reference, Kinds kinds) const {
  const std::string name = plain_name(reference);
  std::vector<std::string> versions;
  std::vector<std::string> names;
  for (const StoredDefinition& stored : *stored_) {
    if (!is_one_of(stored.kind, kinds)) continue;
    names.push_back(stored.name);
    if (stored.name != name) continue;
    versions.push_back(stored.label() + (stored.retired ? " (retired)" : ""));
  }
  Error error(ErrorCode::kUnknownReference,
              "the registry has no such version: " + std::string(reference) +
                  (versions.empty() ? did_you_mean(name, names) : ""));
  if (!versions.empty()) return std::move(error).with_help("there are " + short_list(versions));
  return std::move(error).with_help("\"rtml feature apply\" gives each definition its number");
}

Result<std::string> Versions::bind(const Project& project, std::string_view reference,
                                   Kinds kinds) {
  const std::lock_guard lock(mutex_);
  RTML_TRY(read_stored());
  for (const StoredDefinition& stored : *stored_) {
    if (!is_one_of(stored.kind, kinds) || stored.label() != reference) continue;
    return bind_stored(project, stored, Use::kOrdinary);
  }
  return fail(not_found(reference, kinds));
}

Result<std::string> Versions::bind_recorded(const Project& project, std::string_view name,
                                            std::string_view identity, Kinds kinds) {
  const std::lock_guard lock(mutex_);
  return bind_identity(project, name, identity, kinds, Use::kRecorded);
}

Result<const Source*> Versions::recorded_source(const Project& project, const std::string& name,
                                                std::string_view identity) {
  const std::lock_guard lock(mutex_);
  return source_of(project, name, identity, {}, "the training set");
}

Result<std::string> Versions::bind_identity(const Project& project, std::string_view name,
                                            std::string_view identity, Kinds kinds, Use use) {
  for (const std::string_view kind : kinds) {
    if (is_project_definition(project, kind, name, identity)) return std::string(name);
  }
  RTML_TRY(read_stored());
  if (const StoredDefinition* stored = find_stored(name, identity, kinds)) {
    return bind_stored(project, *stored, use);
  }
  return fail(ErrorCode::kRegistryNotFound, "the registry has no version of " + std::string(name) +
                                                " with identity " + std::string(identity));
}

Result<std::string> Versions::bind_stored(const Project& project, const StoredDefinition& stored,
                                          Use use) {
  // What was recorded may be made again of retired versions, and then be named.
  if (stored.retired && use == Use::kOrdinary && !is_made(stored)) return fail(retired(stored));
  if (is_project_definition(project, stored.kind, stored.name, stored.identity)) return stored.name;
  std::string label = stored.label();
  const Json semantics =
      stored.content.is_object() ? stored.content.value("semantics", Json()) : Json();
  if (semantics != kSemantics) {
    return fail(Error(ErrorCode::kUnsupported,
                      label + " was defined under semantics " + to_json_text(semantics) +
                          ", this rtml computes those of " + std::to_string(kSemantics))
                    .with_help("use an rtml of that time, or define it anew and apply it"));
  }
  if (is_made(stored)) return label;
  if (stored.kind == "feature_view") {
    RTML_TRY(make_view(project, stored));
  } else if (stored.kind == "on_demand_view") {
    RTML_TRY(make_on_demand_view(project, stored, use));
  } else {
    RTML_TRY(make_service(project, stored, use));
  }
  return label;
}

bool Versions::is_made(const StoredDefinition& stored) const {
  const std::string label = stored.label();
  if (stored.kind == "feature_view") return find_view(label) != nullptr;
  if (stored.kind == "on_demand_view") return find_on_demand_view(label) != nullptr;
  return find_service(label) != nullptr;
}

Result<Entity> Versions::entity_of(const Project& project, const std::string& name,
                                   std::string_view identity, const std::string& who) const {
  const auto has_identity = [&](const Entity& entity) {
    return project::identity(project, entity) == identity;
  };
  for (const Entity& entity : project.entities()) {
    if (entity.name == name && has_identity(entity)) return entity;
  }
  if (const StoredDefinition* stored = find_stored(name, identity, kEntityKind)) {
    return read_canonical_entity(definition_in(*stored), stored->label());
  }
  // One that is its key column alone has no definition of its own.
  Entity implied;
  implied.name = name;
  implied.keys.push_back({name, std::nullopt});
  implied.implied = true;
  if (has_identity(implied)) return implied;
  return fail(ErrorCode::kRegistryCorrupt,
              "the registry does not hold the entity that " + who + " stands on: " + name);
}

Result<const Source*> Versions::source_of(const Project& project, const std::string& name,
                                          std::string_view identity, const KeyTypes& key_types,
                                          const std::string& who) {
  const Source* today = find_named(project.sources(), name);
  if (today == nullptr) {
    return fail(Error(ErrorCode::kUnknownReference,
                      who + " reads source \"" + name + "\", which the project does not define")
                    .with_help("where its events are is what the project says today: define the "
                               "source again, or name another version"));
  }
  const bool is_same = project::identity(project, *today) == identity;
  const KeyTypes types = project.column_types(*today);
  const auto agrees = [&](const auto& key) {
    const auto type = types.find(key.first);
    return type != types.end() && type->second == key.second;
  };
  if (is_same && std::all_of(key_types.begin(), key_types.end(), agrees)) return today;
  for (const Source& made : sources_) {
    if (made.name == name && made.key_types == key_types &&
        project::identity(project, made) == identity) {
      return &made;
    }
  }
  RTML_TRY(read_stored());
  const StoredDefinition* stored = find_stored(name, identity, kSourceKind);
  if (stored == nullptr) {
    return fail(ErrorCode::kRegistryNotFound, "the registry does not hold source " + name + " as " +
                                                  who + " was defined with it");
  }
  RTML_TRY_ASSIGN(Source source, read_canonical_source(definition_in(*stored), stored->label()));
  source.version = stored->number;
  source.key_types = key_types;
  source.batch = today->batch;
  source.stream = today->stream;
  source.location = today->location;
  if (project::identity(project, source) != identity) {
    return fail(damaged(*stored, "its identity is another"));
  }
  sources_.push_back(std::move(source));
  return &sources_.back();
}

const Source* Versions::union_of(const Project& project,
                                 const std::vector<const Source*>& sources) {
  // The project's own, where a view of today reads the same.
  for (const FeatureView& view : project.views()) {
    if (project.sources_of(view) == sources) return &project.source_of(view);
  }
  for (const Union& made : unions_) {
    if (made.parts == sources) return &made.source;
  }
  std::vector<Source> parts;
  for (const Source* source : sources) parts.push_back(*source);
  unions_.push_back({sources, make_union(parts)});
  return &unions_.back().source;
}

Status Versions::make_view(const Project& project, const StoredDefinition& stored) {
  const std::string label = stored.label();
  RTML_TRY_ASSIGN(FeatureView view, read_canonical_view(definition_in(stored), label));
  const auto basis = std::make_shared<VersionBasis>();
  KeyTypes key_types;
  for (const std::string& name : view.entities) {
    const std::string bound = text_in(stored.content, "entities", name);
    RTML_TRY_ASSIGN(Entity entity, entity_of(project, name, bound, label));
    for (const EntityKey& key : entity.keys) {
      if (key.type) key_types.emplace(key.column, *key.type);
    }
    basis->entities.push_back(std::move(entity));
  }
  for (const LocatedText& name : view.sources) {
    const std::string bound = view.sources.size() == 1
                                  ? text_in(stored.content, "source")
                                  : text_in(stored.content, "sources", name.text);
    RTML_TRY_ASSIGN(const Source* source, source_of(project, name.text, bound, key_types, label));
    basis->sources.push_back(source);
  }
  basis->source =
      basis->sources.size() == 1 ? basis->sources.front() : union_of(project, basis->sources);
  view.name = label;
  view.basis = basis;
  if (identity(project, view) != stored.identity) {
    return fail(damaged(stored, "its identity is another"));
  }
  views_.push_back(std::move(view));
  return {};
}

Status Versions::bind_items(const Project& project, const StoredDefinition& stored, Kinds kinds,
                            Use use, std::vector<ServiceItem>& items) {
  for (ServiceItem& item : items) {
    const std::string bound = text_in(stored.content, "views", item.view);
    auto name = bind_identity(project, plain_name(item.view), bound, kinds, use);
    if (!name) return fail(std::move(name).error().with_context(stored.label()));
    item.bound = std::move(*name);
  }
  return {};
}

Status Versions::make_on_demand_view(const Project& project, const StoredDefinition& stored,
                                     Use use) {
  RTML_TRY_ASSIGN(OnDemandView view,
                  read_canonical_on_demand_view(definition_in(stored), stored.label()));
  RTML_TRY(bind_items(project, stored, kViewKind, use, view.inputs));
  view.name = stored.label();
  if (identity(project, view) != stored.identity) {
    return fail(damaged(stored, "its identity is another"));
  }
  on_demand_views_.push_back(std::move(view));
  return {};
}

Status Versions::make_service(const Project& project, const StoredDefinition& stored, Use use) {
  RTML_TRY_ASSIGN(FeatureService service,
                  read_canonical_service(definition_in(stored), stored.label()));
  RTML_TRY(bind_items(project, stored, kItemKinds, use, service.features));
  service.name = stored.label();
  if (identity(project, service) != stored.identity) {
    return fail(damaged(stored, "its identity is another"));
  }
  services_.push_back(std::move(service));
  return {};
}

const FeatureView* Versions::find_view(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return find_named(views_, name);
}

const OnDemandView* Versions::find_on_demand_view(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return find_named(on_demand_views_, name);
}

const FeatureService* Versions::find_service(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return find_named(services_, name);
}

const Source* Versions::find_source(std::string_view label) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const Source& source) { return source.label() == label; });
  return found == sources_.end() ? nullptr : &*found;
}

}  // namespace rtml::project
