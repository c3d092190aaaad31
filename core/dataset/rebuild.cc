#include "core/dataset/rebuild.h"

#include <algorithm>

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

// Collects what is not as the manifest says.
class Comparison {
 public:
  Comparison(const Json& manifest, const std::filesystem::path& entities,
             const BuildContext& context)
      : manifest_(manifest), entities_(entities), context_(context) {}

  Status run() {
    if (manifest_["semantics"] != project::kSemantics) {
      differ("the meaning of definitions: the manifest is of semantics " +
                 to_json_text(manifest_["semantics"]) + ", this rtml of " +
                 std::to_string(project::kSemantics),
             "rebuild with the rtml that built it: " + manifest_.value("rtml", std::string()));
    }
    compare_definitions();
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
    const Json lineage = manifest_.value("lineage", Json::object());
    const std::string id = lineage.value("commit", std::string());
    return id.empty() ? "" : "; it was built at commit " + id;
  }

  template <typename Found>
  void compare_definition(const char* kind, const Json& recorded, const Found& found) {
    const std::string name = recorded.contains("name")
                                 ? recorded["name"].template get<std::string>()
                                 : recorded["source"].template get<std::string>();
    if (!found) {
      differ(std::string("the project has no ") + kind + " " + name,
             "check out the definition" + commit());
    } else if (project::identity(context_.project, **found) !=
               recorded["identity"].template get<std::string>()) {
      differ(std::string(kind) + " " + name + " was defined otherwise",
             "check out the definition" + commit());
    }
  }

  void compare_definitions() {
    for (const Json& view : manifest_["views"]) {
      const std::string name = view["name"].get<std::string>();
      if (const auto on_demand = context_.project.find_on_demand_view(name)) {
        compare_definition("on-demand view", view, on_demand);
      } else {
        compare_definition("feature view", view, context_.project.find_view(name));
      }
    }
    if (!manifest_.contains("service")) return;
    compare_definition(
        "feature service", manifest_["service"],
        context_.project.find_service(manifest_["service"]["name"].get<std::string>()));
  }

  Status compare_file(const std::filesystem::path& file, const Json& recorded) {
    RTML_TRY(context_.cancel.check());
    const std::string path = recorded["path"].get<std::string>();
    if (!std::filesystem::is_regular_file(file)) {
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
    const auto source = context_.project.find_source(name);
    compare_definition("source", input, source);
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

  const Json& manifest_;
  const std::filesystem::path& entities_;
  const BuildContext& context_;
  std::vector<Error> errors_;
};

Result<project::FeatureSelection> features_of(const Json& manifest,
                                              const project::Project& project) {
  project::FeatureSelection columns;
  for (const Json& feature : manifest["features"]) {
    const std::vector reference{feature["view"].get<std::string>() + ":" +
                                feature["feature"].get<std::string>()};
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
Result<project::Pipeline> pipeline_of(const Json& manifest) {
  project::Pipeline pipeline;
  pipeline.dataset.service = manifest["service"]["name"].get<std::string>();
  const Json& labels = manifest["labels"];
  pipeline.dataset.labels.source = labels["source"].get<std::string>();
  pipeline.dataset.labels.column = labels["column"].get<std::string>();
  RTML_TRY_ASSIGN(pipeline.dataset.labels.maturity_us,
                  parse_duration(labels["maturity"].get<std::string>()));
  return pipeline;
}

Result<TrainingSet> build(const Json& manifest, const std::filesystem::path& entities,
                          const BuildContext& context) {
  BuildOptions options;
  options.timestamp_column = manifest["timestamp"].get<std::string>();
  if (manifest.contains("labels")) {
    RTML_TRY_ASSIGN(const project::Pipeline pipeline, pipeline_of(manifest));
    options.allow_leak = true;  // It was decided when the training set was built.
    const Json& labels = manifest["labels"];
    if (labels.contains("from_us")) options.from_us = labels["from_us"].get<std::int64_t>();
    if (labels.contains("to_us")) options.to_us = labels["to_us"].get<std::int64_t>();
    return build_training_set(pipeline, options, context);
  }
  RTML_TRY_ASSIGN(const auto features, features_of(manifest, context.project));
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
  RTML_TRY(Comparison(manifest, entities, context).run());
  RTML_TRY_ASSIGN(TrainingSet set, build(manifest, entities, context));
  const std::string& expected = manifest["content_sha256"].get_ref<const std::string&>();
  const std::string& found = set.manifest["content_sha256"].get_ref<const std::string&>();
  if (found == expected) return set;
  const std::string built_by = manifest.value("rtml", std::string());
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
