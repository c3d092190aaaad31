// Trains the model of a pipeline and keeps what is needed to judge, repeat and trust it.
//
// train() computes, record() stores; between the two nothing is on disk. The strategy is
// "stateless": every run learns from scratch on the pipeline's window. Used by one thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/registry/registry.h"
#include "core/table/batch.h"

namespace rtml::dataset {
struct TrainingSet;
}
namespace rtml::project {
class Project;
}
namespace rtml::plugin {
class PluginHost;
}

namespace rtml::training {

// What training reads from. The objects must outlive the call.
struct TrainingContext {
  const project::Project& project;
  plugin::PluginHost& plugins;
  const Clock& clock;
  Progress& progress;
  const CancelFlag& cancel;
  int threads = 1;  // Of building the training set; the result does not depend on it.
  std::int64_t memory_limit_bytes = 0;  // The same: dataset::BuildContext.
};

struct TrainingRequest {
  std::string pipeline;
  // Prepared rows (Parquet, CSV or JSONL) with the label and the features, both or neither. Without
  // them the training set is built from the pipeline's sources and split by time.
  std::filesystem::path train_file;
  std::filesystem::path test_file;
  std::string label;                  // Empty: the pipeline's.
  std::vector<std::string> features;  // Columns; empty: those of the pipeline's service.
  Json parameters = Json::object();   // Set over the pipeline's model parameters.
  std::optional<std::uint64_t> seed;  // Nothing: the pipeline's.
  bool allow_leak = false;
  // The pipeline's training set where it is built already; null: train() builds it.
  const dataset::TrainingSet* training_set = nullptr;
};

// A model with its figures, not yet stored.
struct TrainedModel {
  registry::Run run;        // Whole but for id, hashes of artifacts, event.
  std::string model_bytes;  // As the backend saved it.
  Json profile;             // Of the training rows: features, label and predictions.
  table::Batch evaluation;  // The test rows as docs/formats/evaluation.md says.
  Json manifest;            // Of the training set; null for prepared files.
  Json model_description;   // What the backend says about the model.
  std::vector<std::string> warnings;
};

// Learns, and measures on the test rows. The same inputs and seed give the same bytes.
// Fails with kUnknownReference (pipeline, service), kLabelLeak, kBadValue (parameter, metric),
// kDataMissingColumn naming the feature or label, kTrainingData (no or too few rows, a label that
// is null or no class, one class, a feature that is not finite), or with what reading or the
// backend fails with.
Result<TrainedModel> train(const TrainingRequest& request, const TrainingContext& context);

// Stores the artifacts, the training set's manifest and the run in one change of the registry; with
// `register_as` the run becomes the next version of that model in the same change. The answer's
// value is {"run": id} or {"run", "model", "version"}.
Result<registry::Answer> record(const TrainedModel& model, const std::string& register_as,
                                plugin::PluginHost& plugins, const registry::Registry& registry,
                                const registry::Change& change);

}  // namespace rtml::training
