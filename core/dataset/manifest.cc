#include "core/dataset/manifest.h"

#include "core/base/hash.h"
#include "core/lineage/lineage.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

// A file's path as it is the same on another machine: below the project, or its name alone.
std::string portable_path(const std::filesystem::path& file, const std::filesystem::path& root) {
  const std::filesystem::path relative =
      std::filesystem::absolute(file).lexically_normal().lexically_relative(root);
  if (relative.empty() || *relative.begin() == "..") return file.filename().string();
  return relative.generic_string();
}

Result<Json> describe_file(const std::filesystem::path& file, const std::filesystem::path& root) {
  RTML_TRY_ASSIGN(const std::string sha256, sha256_file(file));
  return Json{{"path", portable_path(file, root)}, {"sha256", sha256}};
}

Json describe_views(const ManifestParts& parts, const BuildContext& context) {
  Json views = Json::array();
  std::set<std::string> named;
  for (const project::ServiceColumn& column : parts.features) {
    if (!named.insert(column.view->name).second) continue;
    views.push_back({{"name", column.view->name},
                     {"identity", project::identity(context.project, *column.view)}});
  }
  for (const project::OnDemandColumn& column : parts.on_demand) {
    if (!named.insert(column.view->name).second) continue;
    views.push_back({{"name", column.view->name},
                     {"identity", project::identity(context.project, *column.view)}});
  }
  return views;
}

}  // namespace

Result<Json> describe_source(const project::Source& source, const BuildContext& context) {
  Json files = Json::array();
  const std::filesystem::path& root = context.project.root();
  for (const std::filesystem::path& file : files_of(root / source.batch->path)) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) continue;
    RTML_TRY(context.cancel.check());
    RTML_TRY_ASSIGN(Json described, describe_file(file, root));
    files.push_back(std::move(described));
  }
  return Json{{"source", source.name},
              {"identity", project::identity(context.project, source)},
              {"files", std::move(files)}};
}

Result<registry::Answer> record(const TrainingSet& set, const registry::Registry& registry,
                                const registry::Change& change) {
  RTML_TRY_ASSIGN(const registry::StagedArtifact manifest,
                  registry.stage(to_canonical_json(set.manifest)));
  return registry.change(change, [&](registry::Transaction& transaction) -> Result<Json> {
    registry::Dataset dataset;
    dataset.identity = set.manifest.at("content_sha256").get<std::string>();
    RTML_TRY_ASSIGN(dataset.manifest_sha256, transaction.store(manifest));
    if (set.manifest.contains("service")) {
      dataset.service = set.manifest["service"]["name"].get<std::string>();
      dataset.service_identity = set.manifest["service"]["identity"].get<std::string>();
    }
    dataset.row_count = set.row_count;
    RTML_TRY(transaction.record_dataset(std::move(dataset)));
    return Json::object();
  });
}

Result<Json> make_manifest(const TrainingSet& set, const ManifestParts& parts,
                           const SourceSet& sources, const BuildContext& context) {
  Json manifest = Json::object();
  manifest["format"] = kManifestFormat;
  manifest["semantics"] = project::kSemantics;
  manifest["rtml"] = context.rtml_version;
  if (context.lineage != nullptr) manifest["lineage"] = lineage::to_json(*context.lineage);
  Json inputs = Json::array();
  if (!parts.entities.empty()) {
    RTML_TRY_ASSIGN(Json file, describe_file(parts.entities, context.project.root()));
    inputs.push_back({{"entities", std::move(file)}});
  }
  std::map<std::string, const project::Source*> read;
  for (const project::Source* source : sources.sources()) {
    if (!source->is_union()) read.emplace(source->label(), source);
    for (const project::Source& part : source->parts) read.emplace(part.label(), &part);
  }
  for (const auto& [name, source] : read) {
    RTML_TRY_ASSIGN(Json described, describe_source(*source, context));
    inputs.push_back(std::move(described));
  }
  manifest["inputs"] = std::move(inputs);
  if (parts.service != nullptr) {
    manifest["service"] = {{"name", parts.service->name},
                           {"identity", project::identity(context.project, *parts.service)}};
  }
  manifest["views"] = describe_views(parts, context);
  Json features = Json::array();
  for (const project::ServiceColumn& column : parts.features) {
    features.push_back({{"column", column.name},
                        {"view", column.view->name},
                        {"feature", column.feature->name},
                        {"type", table::to_string(column.feature->type)}});
  }
  for (const project::OnDemandColumn& column : parts.on_demand) {
    features.push_back({{"column", column.name},
                        {"view", column.view->name},
                        {"feature", column.feature->name},
                        {"type", table::to_string(column.feature->type)}});
  }
  manifest["features"] = std::move(features);
  manifest["timestamp"] = set.timestamp_column;
  if (!parts.labels.is_null()) manifest["labels"] = parts.labels;
  Json columns = Json::array();
  for (const table::Field& field : set.rows.schema().fields()) {
    columns.push_back({{"name", field.name}, {"type", table::to_string(field.type)}});
  }
  manifest["columns"] = std::move(columns);
  manifest["rows"] = set.row_count;
  manifest["content_sha256"] = parts.content_sha256.empty()
                                   ? content_sha256(set.rows, context.threads)
                                   : parts.content_sha256;
  return manifest;
}

}  // namespace rtml::dataset
