#include "core/dataset/rebuild.h"

#include <algorithm>
#include <map>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/dataset/manifest.h"
#include "core/dataset/source_table.h"
#include "core/project/identity.h"
#include "core/project/project.h"

namespace rtml::dataset {
namespace {

tl::unexpected<Error> no_manifest(const std::string& why) {
  return fail(ErrorCode::kDataCorrupt, "not a manifest of a training set: " + why);
}

// Whether `json` is an object in which each of `members` is a text.
bool has_texts(const Json& json, std::initializer_list<const char*> members) {
  return json.is_object() && std::all_of(members.begin(), members.end(), [&](const char* member) {
           return json.contains(member) && json[member].is_string();
         });
}

bool is_list_of(const Json& json, std::initializer_list<const char*> members) {
  return json.is_array() && std::all_of(json.begin(), json.end(), [&](const Json& entry) {
           return has_texts(entry, members);
         });
}

// The text of a member that may be missing; empty then.
std::string optional_text(const Json& json, const char* member) {
  return has_texts(json, {member}) ? json[member].get<std::string>() : std::string();
}

bool is_input(const Json& input) {
  if (!input.is_object()) return false;
  if (input.contains("entities")) return has_texts(input["entities"], {"path", "sha256"});
  return has_texts(input, {"source", "identity"}) && input.contains("files") &&
         is_list_of(input["files"], {"path", "sha256"});
}

Status check_shape(const Json& manifest) {
  if (!manifest.is_object() || !manifest.value("format", Json()).is_number_integer()) {
    return no_manifest("it has no format");
  }
  if (manifest["format"] != kManifestFormat) {
    return fail(ErrorCode::kUnsupported, "this rtml reads manifests of format " +
                                             std::to_string(kManifestFormat) + ", not of " +
                                             to_json_text(manifest["format"]));
  }
  if (!has_texts(manifest, {"timestamp", "content_sha256"}) ||
      !manifest.value("semantics", Json()).is_number_integer()) {
    return no_manifest("it lacks timestamp, semantics or content_sha256");
  }
  if (!is_list_of(manifest.value("views", Json()), {"name", "identity"}) ||
      !is_list_of(manifest.value("features", Json()), {"column", "view", "feature", "type"})) {
    return no_manifest("its views or features are malformed");
  }
  const Json inputs = manifest.value("inputs", Json());
  if (!inputs.is_array() || !std::all_of(inputs.begin(), inputs.end(), is_input)) {
    return no_manifest("its inputs are malformed");
  }
  if (manifest.contains("service") && !has_texts(manifest["service"], {"name", "identity"})) {
    return no_manifest("its service is malformed");
  }
  if (manifest.contains("labels") &&
      (!has_texts(manifest["labels"], {"source", "column", "maturity"}) ||
       !manifest.contains("service"))) {
    return no_manifest("its labels are malformed");
  }
  return {};
}

// The names under which the project knows what a manifest names.
struct RecordedNames {
  std::map<std::string, std::string> views;  // By the manifest's name.
  std::string service;
  std::string label_source;
};

// Collects what is not as the manifest says, and finds what it names.
class Comparison {
 public:
  Comparison(const Json& manifest, const std::filesystem::path& entities,
             const BuildContext& context, RecordedNames& names)
      : manifest_(manifest), entities_(entities), context_(context), names_(names) {}

  Status run() {
    if (manifest_["semantics"] != project::kSemantics) {
      differ("the meaning of definitions: the manifest is of semantics " +
                 to_json_text(manifest_["semantics"]) + ", this rtml of " +
                 std::to_string(project::kSemantics),
             "rebuild with the rtml that built it: " + optional_text(manifest_, "rtml"));
    }
    RTML_TRY(compare_definitions());
    for (const Json& input : manifest_["inputs"]) {
      RTML_TRY(input.contains("entities") ? compare_entities(input["entities"])
                                          : compare_source(input));
    }
    if (errors_.empty()) return {};
    return fail(Error::many(std::move(errors_)));
  }

 private:
  void differ(const std::string& what, const std::string& help) {
    errors_.push_back(Error(ErrorCode::kDataChanged, "cannot rebuild: " + what).with_help(help));
  }

  std::string commit() const {
    const std::string id = optional_text(manifest_.value("lineage", Json::object()), "commit");
    return id.empty() ? "" : "; it was built at commit " + id;
  }

  // Notes under which name the project knows what was recorded: its own definition, or that of the
  // registry if it has moved on.
  Status note(const std::string& what, bool is_defined, Result<std::string> bound,
              std::string* name) {
    if (bound) {
      *name = std::move(*bound);
      return {};
    }
    const Error& error = bound.error();
    if (error.exit_class() == ExitClass::kRetry) return fail(error);
    if (!is_defined) {
      differ("the project has no " + what, "check out the definition" + commit());
    } else if (error.code() == ErrorCode::kRegistryNotFound) {
      differ(what + " was defined otherwise", "check out the definition" + commit());
    } else {
      differ(error.message(), error.help());
    }
    return {};
  }

  Status compare_definitions() {
    const project::Project& project = context_.project;
    for (const Json& view : manifest_["views"]) {
      const std::string name = view["name"].get<std::string>();
      const std::string plain = project::plain_name(name);
      const bool is_on_demand = project.find_on_demand_view(plain).has_value();
      RTML_TRY(note((is_on_demand ? "on-demand view " : "feature view ") + plain,
                    is_on_demand || project.find_view(plain),
                    project.recorded_view(plain, view["identity"].get<std::string>()),
                    &names_.views[name]));
    }
    if (!manifest_.contains("service")) return {};
    const std::string name = project::plain_name(manifest_["service"]["name"].get<std::string>());
    return note("feature service " + name, project.find_service(name).has_value(),
                project.recorded_service(name, manifest_["service"]["identity"].get<std::string>()),
                &names_.service);
  }

  Status compare_file(const std::filesystem::path& file, const Json& recorded) {
    RTML_TRY(context_.cancel.check());
    const std::string path = recorded["path"].get<std::string>();
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
      differ("the file is gone: " + file.string(), "put the file back: " + path);
      return {};
    }
    RTML_TRY_ASSIGN(const std::string sha256, sha256_file(file));
    const std::string expected = recorded["sha256"].get<std::string>();
    if (sha256 != expected) {
      differ("the file differs: " + path + " has sha256 " + sha256 + ", not " + expected,
             "put back the bytes that the training set was built from");
    }
    return {};
  }

  Status compare_entities(const Json& recorded) {
    return compare_file(entity_file(recorded), recorded);
  }

  std::filesystem::path entity_file(const Json& recorded) const {
    if (!entities_.empty()) return entities_;
    return context_.project.root() / recorded["path"].get<std::string>();
  }

  Status compare_source(const Json& input) {
    const std::string name = input["source"].get<std::string>();
    std::string bound;
    RTML_TRY(note("source " + name, context_.project.find_source(name).has_value(),
                  context_.project.recorded_source(name, input["identity"].get<std::string>()),
                  &bound));
    if (is_label_source(input)) names_.label_source = bound;
    const auto source = context_.project.find_source(bound);
    if (!source || !(*source)->batch) return {};
    const std::filesystem::path& root = context_.project.root();
    std::vector<std::filesystem::path> present = files_of(root / (*source)->batch->path);
    for (const Json& recorded : input["files"]) {
      const std::filesystem::path path = recorded["path"].get<std::string>();
      // A file outside the project is known by its name.
      const auto found = std::find_if(present.begin(), present.end(), [&](const auto& file) {
        return file.lexically_normal() == (root / path).lexically_normal() ||
               file.filename() == path;
      });
      RTML_TRY(compare_file(found == present.end() ? root / path : *found, recorded));
      if (found != present.end()) present.erase(found);
    }
    if (input["files"].empty()) return {};  // Rows of another store are bound by their content.
    for (const std::filesystem::path& file : present) {
      differ("source " + name + " has a file more: " + file.lexically_relative(root).string(),
             "move it away while rebuilding");
    }
    return {};
  }

  // Of two meanings of one source, the manifest says which one has the labels.
  bool is_label_source(const Json& input) const {
    if (!manifest_.contains("labels")) return false;
    const Json& labels = manifest_["labels"];
    return input["source"] == labels["source"] &&
           labels.value("identity", input["identity"]) == input["identity"];
  }

  const Json& manifest_;
  const std::filesystem::path& entities_;
  const BuildContext& context_;
  RecordedNames& names_;
  std::vector<Error> errors_;
};

Result<project::FeatureSelection> features_of(const Json& manifest, const RecordedNames& names,
                                              const project::Project& project) {
  project::FeatureSelection columns;
  for (const Json& feature : manifest["features"]) {
    const auto view = names.views.find(feature["view"].get<std::string>());
    if (view == names.views.end()) return no_manifest("a feature is of none of its views");
    const std::vector reference{view->second + ":" + feature["feature"].get<std::string>()};
    RTML_TRY_ASSIGN(project::FeatureSelection found, project.select_features(reference, false));
    for (project::ServiceColumn& column : found.features) {
      column.name = feature["column"].get<std::string>();
      columns.features.push_back(std::move(column));
    }
    for (project::OnDemandColumn& column : found.on_demand) {
      column.name = feature["column"].get<std::string>();
      columns.on_demand.push_back(std::move(column));
    }
  }
  return columns;
}

// The part of a pipeline that decides which rows it trains on.
Result<project::Pipeline> pipeline_of(const Json& manifest, const RecordedNames& names) {
  project::Pipeline pipeline;
  pipeline.dataset.service = names.service;
  const Json& labels = manifest["labels"];
  pipeline.dataset.labels.source =
      names.label_source.empty() ? labels["source"].get<std::string>() : names.label_source;
  pipeline.dataset.labels.column = labels["column"].get<std::string>();
  RTML_TRY_ASSIGN(pipeline.dataset.labels.maturity_us,
                  parse_duration(labels["maturity"].get<std::string>()));
  return pipeline;
}

Result<TrainingSet> build(const Json& manifest, const RecordedNames& names,
                          const std::filesystem::path& entities, const BuildContext& context) {
  BuildOptions options;
  options.timestamp_column = manifest["timestamp"].get<std::string>();
  if (manifest.contains("labels")) {
    RTML_TRY_ASSIGN(const project::Pipeline pipeline, pipeline_of(manifest, names));
    options.allow_leak = true;  // It was decided when the training set was built.
    const Json& labels = manifest["labels"];
    if (labels.contains("from_us")) options.from_us = labels["from_us"].get<std::int64_t>();
    if (labels.contains("to_us")) options.to_us = labels["to_us"].get<std::int64_t>();
    return build_training_set(pipeline, options, context);
  }
  RTML_TRY_ASSIGN(const auto features, features_of(manifest, names, context.project));
  for (const Json& input : manifest["inputs"]) {
    if (!input.contains("entities")) continue;
    const std::filesystem::path file =
        entities.empty() ? context.project.root() / input["entities"]["path"].get<std::string>()
                         : entities;
    options.on_demand = features.on_demand;
    return build_from_file(file, features.features, options, context);
  }
  return fail(ErrorCode::kUnsupported, "the manifest's rows came from no file and no source");
}

}  // namespace

Result<TrainingSet> rebuild(const Json& manifest, const std::filesystem::path& entities,
                            const BuildContext& context) {
  RTML_TRY(check_shape(manifest));
  RecordedNames names;
  RTML_TRY(Comparison(manifest, entities, context, names).run());
  RTML_TRY_ASSIGN(TrainingSet set, build(manifest, names, entities, context));
  const std::string& expected = manifest["content_sha256"].get_ref<const std::string&>();
  const std::string& found = set.manifest["content_sha256"].get_ref<const std::string&>();
  if (found == expected) return set;
  const std::string built_by = optional_text(manifest, "rtml");
  return fail(
      Error(ErrorCode::kDataChanged,
            "the inputs are the same, but the rows are not: content_sha256 is " + found + ", not " +
                expected)
          .with_help(built_by == context.rtml_version
                         ? "the rows come from a store that keeps no files: its rows changed"
                         : "it was built by rtml " + built_by + "; this is rtml " +
                               std::string(context.rtml_version)));
}

}  // namespace rtml::dataset
