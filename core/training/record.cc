#include <optional>

#include "core/base/file_system.h"
#include "core/plugin/host.h"
#include "core/training/training.h"

namespace rtml::training {
namespace {

// A file that is removed again.
class ScratchFile {
 public:
  explicit ScratchFile(std::filesystem::path path) : path_(std::move(path)) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Writes the test rows as Parquet by the plugin that reads them again, and stages the file.
Result<registry::StagedArtifact> stage_evaluation(const table::Batch& evaluation,
                                                  plugin::PluginHost& plugins,
                                                  const registry::Registry& registry) {
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::TableStore> store, plugins.table_store("file"));
  const std::filesystem::path directory = registry.directory() / "tmp";
  remove_stale_temporaries(directory);
  // Created only for its name, which tells a later run whether this process still lives.
  RTML_TRY_ASSIGN(const AtomicFile name, AtomicFile::create(directory / "evaluation"));
  const ScratchFile file(name.temporary_path().string() + ".parquet");
  const auto reader = table::read_batches(evaluation.shared_schema(), {evaluation});
  RTML_TRY(store->write({.path = file.path().string(), .format = "parquet"}, *reader, {}));
  return registry.stage_file(file.path());
}

// The record of a training set, from its manifest.
registry::Dataset dataset_of(const Json& manifest, const registry::Run& run,
                             std::string manifest_sha256) {
  registry::Dataset dataset;
  dataset.identity = manifest.value("content_sha256", "");
  dataset.manifest_sha256 = std::move(manifest_sha256);
  dataset.service = run.service.name;
  dataset.service_identity = run.service.identity;
  dataset.row_count = manifest.value("rows", std::int64_t{0});
  return dataset;
}

}  // namespace

Result<registry::Answer> record(const TrainedModel& model, const std::string& register_as,
                                plugin::PluginHost& plugins, const registry::Registry& registry,
                                const registry::Change& change) {
  RTML_TRY_ASSIGN(const registry::StagedArtifact bytes, registry.stage(model.model_bytes));
  RTML_TRY_ASSIGN(const registry::StagedArtifact profile,
                  registry.stage(to_canonical_json(model.profile)));
  RTML_TRY_ASSIGN(const registry::StagedArtifact evaluation,
                  stage_evaluation(model.evaluation, plugins, registry));
  std::optional<registry::StagedArtifact> manifest;
  if (!model.manifest.is_null()) {
    RTML_TRY_ASSIGN(registry::StagedArtifact staged,
                    registry.stage(to_canonical_json(model.manifest)));
    manifest.emplace(std::move(staged));
  }
  const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
    registry::Run run = model.run;
    run.lineage = change.lineage;
    run.rtml_version = change.rtml_version;
    RTML_TRY_ASSIGN(run.artifact_sha256, transaction.store(bytes));
    RTML_TRY_ASSIGN(run.profile_sha256, transaction.store(profile));
    RTML_TRY_ASSIGN(const std::string evaluation_sha256, transaction.store(evaluation));
    run.details["evaluation_sha256"] = evaluation_sha256;
    if (manifest) {
      RTML_TRY_ASSIGN(std::string manifest_sha256, transaction.store(*manifest));
      RTML_TRY_ASSIGN(
          const registry::Dataset dataset,
          transaction.record_dataset(dataset_of(model.manifest, run, std::move(manifest_sha256))));
      run.dataset_identity = dataset.identity;
    }
    RTML_TRY_ASSIGN(const registry::Run recorded, transaction.record_run(std::move(run)));
    Json answer{{"run", recorded.id}};
    if (!register_as.empty()) {
      RTML_TRY_ASSIGN(const registry::ModelVersion version,
                      transaction.register_run(recorded.id, register_as));
      answer["model"] = version.model;
      answer["version"] = version.number;
    }
    return answer;
  };
  return registry.change(change, work);
}

}  // namespace rtml::training
