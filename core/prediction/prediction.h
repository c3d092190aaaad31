// Scores a table by a registered model, a batch at a time.
//
// The output has the input's columns and rows in their order and a column with the model's answer.
// Memory holds one batch, whatever the size of the table. Used by one thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/registry/records.h"

namespace rtml::plugin {
class PluginHost;
}
namespace rtml::registry {
class Registry;
}

namespace rtml::prediction {

struct PredictionContext {
  const registry::Registry& registry;
  plugin::PluginHost& plugins;
  Progress& progress;
  const CancelFlag& cancel;
};

struct PredictionRequest {
  std::string model;             // "fraud@champion", "fraud@7", or "fraud" for the newest version.
  std::filesystem::path input;   // Parquet, CSV or JSONL, by its ending.
  std::filesystem::path output;  // The same; written whole or not at all.
  std::string column = "prediction";
  // Adds predicted_label: 1 where the prediction is at or above it, else 0.
  std::optional<double> threshold;
  bool dry_run = false;  // Reads and predicts, writes nothing.
};

struct PredictionResult {
  registry::ModelVersion version;
  std::int64_t rows = 0;
  // Rows whose prediction is null since a feature is NaN or infinite.
  std::int64_t without_prediction = 0;
};

// Fails with kRegistryNotFound for an unknown model or version, kArtifactCorrupt if the artifact
// does not match its sha256, kModelArtifact if it cannot be loaded, kDataMissingColumn naming the
// feature that the input lacks, kDataWrongType for a feature of text, kDataBadValue if the input
// has a column of the output's name, kBadValue for a threshold on a regression, or with what
// reading and writing fails with.
Result<PredictionResult> predict(const PredictionRequest& request,
                                 const PredictionContext& context);

}  // namespace rtml::prediction
