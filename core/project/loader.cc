#include "core/project/loader.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "core/base/file_system.h"
#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/config/trust.h"
#include "core/project/reader.h"
#include "core/project/secrets.h"
#include "core/project/source_union.h"
#include "core/project/versions.h"
#include "core/schema/kinds.h"
#include "core/schema/validate.h"
#include "core/yaml/parse.h"

namespace rtml::project {
namespace {

constexpr std::array<std::string_view, 5> kFolders = {"sources", "features", "pipelines", "drift",
                                                      "experiments"};

// Under this name the joins give the time of a row.
constexpr std::string_view kTimeColumn = "event_timestamp";

bool is_yaml(const std::filesystem::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The YAML files below `folder`, in the order of their paths. Links to directories are not
// followed.
Result<std::vector<std::filesystem::path>> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return files;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (is_yaml(entry->path()) && entry->is_regular_file(error)) files.push_back(entry->path());
  }
  if (error) {
    return fail(ErrorCode::kIo,
                "cannot list directory: " + folder.string() + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string where(const SourceLocation& place) {
  return place.file + ":" + std::to_string(place.line);
}

std::vector<std::string> keys_of(const std::map<std::string, SourceLocation>& names) {
  std::vector<std::string> keys;
  for (const auto& [name, place] : names) keys.push_back(name);
  return keys;
}

template <typename Definition>
void sort_by_name(std::vector<Definition>& definitions) {
  std::sort(definitions.begin(), definitions.end(),
            [](const Definition& a, const Definition& b) { return a.name < b.name; });
}

// What a document defines: its `kind`, or a feature view written as in Feast, which has none.
Result<std::string> kind_of(const yaml::Node& node) {
  const std::vector<std::string> kinds = schema::definition_kinds();
  const std::string list = text_list(kinds);
  const yaml::Node* kind = node.find("kind");
  if (kind == nullptr) {
    if (node.find("features") != nullptr && node.find("entities") != nullptr) {
      return std::string("feature_view");
    }
    return fail(Error(ErrorCode::kMissingKey, "a definition needs the key \"kind\"")
                    .at(node.location())
                    .with_help("one of: " + list));
  }
  if (!kind->is_scalar() || kind->is_null() ||
      std::find(kinds.begin(), kinds.end(), kind->text()) == kinds.end()) {
    return fail(Error(ErrorCode::kBadValue, "\"kind\" is not a kind of definition: \"" +
                                                kind->written() + "\"" +
                                                did_you_mean(kind->text(), kinds))
                    .at(kind->location())
                    .with_help("one of: " + list));
  }
  return kind->text();
}

}  // namespace

Loader::Loader(std::filesystem::path root, const Environment& environment, StoredDefinitions stored)
    : environment_(environment) {
  project_.root_ = std::move(root);
  project_.versions_ = std::make_unique<Versions>(std::move(stored));
}

void Loader::add(Error error) {
  if (error.parts().empty()) return errors_.push_back(std::move(error));
  for (const Error& part : error.parts()) add(part);
}

void Loader::add(std::vector<Error> errors) {
  for (Error& error : errors) add(std::move(error));
}

Result<std::vector<yaml::Node>> Loader::parse(const std::filesystem::path& path) {
  const std::string name = path.lexically_relative(project_.root_).generic_string();
  const yaml::Limits limits;
  // One byte more than allowed is read, so that parse() words the refusal.
  const auto in_file = [&](Error error) {
    SourceLocation place;
    place.file = name;
    return error.location() ? std::move(error) : std::move(error).at(std::move(place));
  };
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > limits.bytes) {
    return fail(in_file(Error(ErrorCode::kYamlLimit, "larger than " + std::to_string(limits.bytes) +
                                                         " bytes: " + std::to_string(size))
                            .with_help("split the file")));
  }
  auto text = read_file(path, limits.bytes);
  if (!text) return fail(in_file(std::move(text).error()));
  RTML_TRY_ASSIGN(std::vector<yaml::Node> documents,
                  yaml::parse(*text, name, environment_, limits));
  if (documents.empty()) {
    return fail(in_file(Error(ErrorCode::kMissingKey, "the file defines nothing")
                            .with_help("write a definition, or remove the file")));
  }
  for (const yaml::Node& node : documents) {
    if (node.is_mapping()) continue;
    return fail(Error(ErrorCode::kWrongType, "a definition must be a mapping, not " +
                                                 std::string(yaml::describe(node.kind())))
                    .at(node.location())
                    .with_help("write \"key: value\" lines"));
  }
  return documents;
}

void Loader::read_files() {
  read_settings_file();
  for (const std::string_view folder : kFolders) {
    auto files = files_below(project_.root_ / folder);
    if (!files) {
      is_some_file_unreadable_ = true;
      add(std::move(files).error());
      continue;
    }
    for (const std::filesystem::path& file : *files) read_file_of_definitions(file);
  }
}

void Loader::read_settings_file() {
  auto documents = parse(project_.root_ / "rtml.yaml");
  if (!documents) return add(std::move(documents).error());
  const yaml::Node& node = documents->front();
  std::vector<Error> errors = schema::validate(node, *schema::find_kind("project")->shape);
  if (documents->size() > 1) {
    errors.push_back(Error(ErrorCode::kWrongType, "rtml.yaml holds more than one document")
                         .at((*documents)[1].location())
                         .with_help("put definitions into files below sources/, features/, "
                                    "pipelines/, drift/ or experiments/"));
  }
  if (errors.empty()) {
    project_.settings_ = read_settings(node);
    check_options(node.find("stores"));
  }
  add(std::move(errors));
}

void Loader::read_file_of_definitions(const std::filesystem::path& path) {
  auto documents = parse(path);
  if (!documents) {
    is_some_file_unreadable_ = true;
    return add(std::move(documents).error());
  }
  for (const yaml::Node& node : *documents) read_definition(node);
}

void Loader::read_definition(const yaml::Node& node) {
  auto kind = kind_of(node);
  if (!kind) {
    is_some_file_unreadable_ = true;
    return add(std::move(kind).error());
  }
  const yaml::Node* name = node.find("name");
  const bool is_new =
      name == nullptr || !name->is_scalar() || declare(*kind, name->text(), name->location());
  std::vector<Error> errors = schema::validate(node, *schema::find_kind(*kind)->shape);
  const bool is_sound = errors.empty();
  add(std::move(errors));
  if (is_sound && is_new) add_definition(*kind, node);
}

void Loader::check_options(const yaml::Node* options) {
  if (options == nullptr) return;
  check_secrets(*options, errors_);
  const auto place = place_of_secret(*options);
  if (!place) return;
  if (!is_trusted_) {
    const auto trusted = config::TrustedDirectories::load(environment_);
    if (!trusted) add(trusted.error());
    is_trusted_ = trusted && trusted->contains(project_.root_);
  }
  if (*is_trusted_) return;
  add(Error(ErrorCode::kUntrusted,
            "a project may not send variables of the environment or secrets to a server unless its "
            "directory is trusted")
          .at(*place)
          .with_help("if you trust its authors, run: rtml config trust " +
                     project_.root_.string()));
}

void Loader::add_definition(std::string_view kind, const yaml::Node& node) {
  if (kind == "source") {
    check_options(node.find("stream"));
    project_.sources_.push_back(read_source(node, errors_));
  } else if (kind == "entity") {
    project_.entities_.push_back(read_entity(node));
  } else if (kind == "feature_view") {
    check_options(node.find("stream_source"));
    if (auto source = read_own_source(node)) {
      if (declare("source", source->name, source->location)) {
        project_.sources_.push_back(std::move(*source));
      }
    }
    project_.views_.push_back(read_view(node, errors_));
  } else if (kind == "on_demand_view") {
    project_.on_demand_views_.push_back(read_on_demand_view(node, errors_));
  } else if (kind == "feature_service") {
    project_.services_.push_back(read_service(node, errors_));
  } else if (kind == "pipeline") {
    project_.pipelines_.push_back(read_pipeline(node, errors_));
  } else if (kind == "drift") {
    project_.drift_checks_.push_back(read_drift_check(node));
  } else {
    project_.experiments_.push_back(read_experiment(node, errors_));
  }
}

bool Loader::declare(std::string_view kind, const std::string& name, const SourceLocation& place) {
  // Commands take views and services in one place, so these share their names.
  std::vector<std::string_view> sharing = {kind};
  constexpr std::string_view kSharing[] = {"feature_view", "on_demand_view", "feature_service"};
  if (std::find(std::begin(kSharing), std::end(kSharing), kind) != std::end(kSharing)) {
    sharing.assign(std::begin(kSharing), std::end(kSharing));
  }
  for (const std::string_view taken : sharing) {
    const auto earlier = names_[std::string(taken)].find(name);
    if (earlier == names_[std::string(taken)].end()) continue;
    add(Error(ErrorCode::kDuplicateName, std::string(taken) + " is defined twice: \"" + name + "\"")
            .at(place)
            .with_help("the other one is at " + where(earlier->second)));
    return false;
  }
  names_[std::string(kind)].emplace(name, place);
  return true;
}

void Loader::check_reference(std::string_view kind, std::string_view noun, const std::string& name,
                             const SourceLocation& place) {
  if (is_some_file_unreadable_ || names_[std::string(kind)].contains(name)) return;
  const std::vector<std::string> known = keys_of(names_[std::string(kind)]);
  add(Error(ErrorCode::kUnknownReference,
            "unknown " + std::string(noun) + " \"" + name + "\"" + did_you_mean(name, known))
          .at(place)
          .with_help(known.empty() ? "no file defines one" : "defined are: " + short_list(known)));
}

void Loader::resolve_entity(const FeatureView& view, const std::string& name) {
  if (names_["entity"].contains(name)) return;
  // A name close to an entity's is a slip, not a column that happens to look like it.
  const std::vector<std::string> known = keys_of(names_["entity"]);
  const auto nearest = nearest_word(name, known);
  if (nearest && !is_some_file_unreadable_) {
    return add(Error(ErrorCode::kUnknownReference, "view \"" + view.name +
                                                       "\" names an unknown entity \"" + name +
                                                       "\" (did you mean \"" + *nearest + "\"?)")
                   .at(view.entities_location)
                   .with_help("if it is a column, define an entity with this key"));
  }
  const auto same = [&](const Entity& entity) { return entity.name == name; };
  if (std::any_of(project_.entities_.begin(), project_.entities_.end(), same)) return;
  Entity entity;
  entity.name = name;
  entity.keys.push_back({name, std::nullopt});
  entity.implied = true;
  entity.location = view.entities_location;
  project_.entities_.push_back(std::move(entity));
}

void Loader::check_view(const FeatureView& view) {
  for (const LocatedText& source : view.sources) {
    check_reference("source", "source", source.text, source.location);
  }
  for (const std::string& name : view.entities) resolve_entity(view, name);
  std::set<std::string> taken = {std::string(kTimeColumn)};
  for (const Entity& entity : project_.entities_) {
    if (std::find(view.entities.begin(), view.entities.end(), entity.name) == view.entities.end()) {
      continue;
    }
    for (const EntityKey& key : entity.keys) taken.insert(key.column);
  }
  for (const Feature& feature : view.features) {
    check_feature_source(view, feature);
    if (!taken.contains(feature.name)) continue;
    add(Error(ErrorCode::kBadValue,
              "a feature may not be called like a key or the time: \"" + feature.name + "\"")
            .at(feature.location)
            .with_help("it would be a second column of that name"));
  }
}

void Loader::check_feature_source(const FeatureView& view, const Feature& feature) {
  if (feature.source.empty() || view.reads_source(feature.source.text)) return;
  std::vector<std::string> names;
  for (const LocatedText& source : view.sources) names.push_back(source.text);
  add(Error(ErrorCode::kUnknownReference, "view \"" + view.name + "\" has no source \"" +
                                              feature.source.text + "\"" +
                                              did_you_mean(feature.source.text, names))
          .at(feature.source.location)
          .with_help("it has " + text_list(names)));
}

// Makes the sources that stand for several, once for all views that read the same in one order.
void Loader::unite_sources() {
  for (const FeatureView& view : project_.views_) {
    if (view.sources.size() < 2) continue;
    const auto is_made = [&](const Source& source) { return source.name == view.source; };
    if (std::any_of(project_.unions_.begin(), project_.unions_.end(), is_made)) continue;
    std::vector<Source> parts;
    for (const LocatedText& written : view.sources) {
      const auto part = project_.find_source(written.text);
      if (part) parts.push_back(**part);
    }
    // Else the missing one is reported.
    if (parts.size() == view.sources.size()) project_.unions_.push_back(make_union(parts));
  }
}

void Loader::check_views() {
  // By index: resolve_entity() adds to the entities, not to the views.
  for (const FeatureView& view : project_.views_) check_view(view);
}

void Loader::bind_versions() {
  // What a version stands on is compared with the project's definitions, which must be whole.
  if (is_some_file_unreadable_ || !errors_.empty()) return;
  const auto bind = [&](std::vector<ServiceItem>& items, std::span<const std::string_view> kinds) {
    for (ServiceItem& item : items) {
      if (!names_version(item.view)) continue;
      auto bound = project_.versions_->bind(project_, item.view, kinds);
      if (bound) {
        item.bound = std::move(*bound);
      } else {
        Error error = std::move(bound).error();
        const bool has_place = error.location() || !error.parts().empty();
        add(has_place ? std::move(error) : std::move(error).at(item.location));
      }
    }
  };
  constexpr std::string_view kKinds[] = {"feature_view", "on_demand_view"};
  // On-demand views first: services compare theirs with those of the project.
  for (OnDemandView& view : project_.on_demand_views_) {
    bind(view.inputs, std::span(kKinds).first(1));
  }
  if (!errors_.empty()) return;
  for (FeatureService& service : project_.services_) bind(service.features, kKinds);
}

void Loader::check_item(const ServiceItem& item) {
  const ItemTarget target = project_.target_of(item);
  const bool is_view = target.view != nullptr;
  if ((!is_view && target.on_demand == nullptr) || item.feature.empty()) return;
  std::vector<std::string> names;
  for (const Feature& feature : is_view ? target.view->features : target.on_demand->features) {
    names.push_back(feature.name);
  }
  if (std::find(names.begin(), names.end(), item.feature) != names.end()) return;
  const SourceLocation& place = is_view ? target.view->location : target.on_demand->location;
  add(Error(ErrorCode::kUnknownReference, "view \"" + item.view + "\" has no feature \"" +
                                              item.feature + "\"" +
                                              did_you_mean(item.feature, names))
          .at(item.location)
          .with_help(names_version(item.definition()) ? "it has " + text_list(names)
                                                      : "the view is at " + where(place)));
}

void Loader::check_service(const FeatureService& service) {
  for (const ServiceItem& item : service.features) {
    // A version was looked for in the registry.
    if (!names_version(item.view) && !names_["on_demand_view"].contains(item.view)) {
      check_reference("feature_view", "feature view", item.view, item.location);
    }
    check_item(item);
  }
}

void Loader::check_on_demand_view(const OnDemandView& view) {
  for (const ServiceItem& item : view.inputs) {
    if (names_["on_demand_view"].contains(item.view)) {
      add(Error(ErrorCode::kBadValue,
                "an on-demand view reads feature views, not on-demand views: \"" + item.view + "\"")
              .at(item.location));
      continue;
    }
    if (!names_version(item.view)) {
      check_reference("feature_view", "feature view", item.view, item.location);
    }
    check_item(item);
  }
  std::set<std::string> taken = {std::string(kTimeColumn)};
  for (const table::Field& field : view.request) {
    if (field.name == kTimeColumn) {
      add(Error(ErrorCode::kBadValue,
                "every request has a time; it is not declared: \"" + field.name + "\"")
              .at(view.location));
    }
    taken.insert(field.name);
  }
  for (const Feature& feature : view.features) {
    if (!taken.contains(feature.name)) continue;
    add(Error(ErrorCode::kBadValue,
              "a feature may not be called like a column of the request or the time: \"" +
                  feature.name + "\"")
            .at(feature.location));
  }
}

void Loader::check_service_columns(const FeatureService& service) {
  std::map<std::string, std::string> owners;
  const FeatureSelection selection = project_.selection_of(service);
  const auto note = [&](const std::string& name, const std::string& full) {
    const auto [earlier, is_new] = owners.emplace(name, full);
    if (is_new) return;
    add(Error(ErrorCode::kBadValue, "service \"" + service.name + "\" has two columns \"" + name +
                                        "\": " + earlier->second + " and " + full)
            .at(service.location)
            .with_help(earlier->second == full ? "name it once"
                                               : "add \"full_feature_names: true\""));
  };
  for (const ServiceColumn& column : selection.features) {
    note(column.name, column.view->name + ":" + column.feature->name);
  }
  for (const OnDemandColumn& column : selection.on_demand) {
    note(column.name, column.view->name + ":" + column.feature->name);
  }
}

void Loader::check_services() {
  for (const FeatureService& service : project_.services_) {
    const std::size_t before = errors_.size();
    check_service(service);
    if (errors_.size() == before && !is_some_file_unreadable_) check_service_columns(service);
  }
}

void Loader::check_pipelines() {
  for (const Pipeline& pipeline : project_.pipelines_) {
    const DatasetSpec& dataset = pipeline.dataset;
    check_reference("feature_service", "feature service", dataset.service, dataset.location);
    check_reference("source", "source", dataset.labels.source, dataset.labels.location);
  }
}

void Loader::sort_definitions() {
  sort_by_name(project_.sources_);
  sort_by_name(project_.entities_);
  sort_by_name(project_.views_);
  sort_by_name(project_.on_demand_views_);
  sort_by_name(project_.services_);
  sort_by_name(project_.pipelines_);
  sort_by_name(project_.drift_checks_);
  sort_by_name(project_.experiments_);
}

// Puts the errors in the order of the files, as they were read, and within a file of their places.
void Loader::sort_errors() {
  std::map<std::string, std::size_t> files;
  const auto place = [&](const Error& error) {
    const SourceLocation location = error.location().value_or(SourceLocation{});
    return std::tuple(files.emplace(location.file, files.size()).first->second, location.line,
                      location.column);
  };
  for (const Error& error : errors_) place(error);
  std::stable_sort(errors_.begin(), errors_.end(),
                   [&](const Error& a, const Error& b) { return place(a) < place(b); });
}

Result<Project> Loader::finish() {
  check_views();
  sort_definitions();
  unite_sources();
  bind_versions();
  for (const OnDemandView& view : project_.on_demand_views_) check_on_demand_view(view);
  check_services();
  check_pipelines();
  sort_errors();
  if (!errors_.empty()) return fail(Error::many(std::move(errors_)));
  return std::move(project_);
}

}  // namespace rtml::project
