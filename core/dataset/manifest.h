// The manifest of a training set: how to make it again and how to tell that it is the same
// (docs/formats/manifest.md).

#pragma once

#include <span>
#include <vector>

#include "core/dataset/source_set.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::dataset {

inline constexpr int kManifestFormat = 1;

// What a manifest is made of beside the rows.
struct ManifestParts {
  std::span<const project::ServiceColumn> features;
  const project::FeatureService* service = nullptr;  // Null: features by name.
  // The entity file, empty where the rows come from elsewhere.
  std::filesystem::path entities;
  // {"source", "column", "maturity", "null", "immature"} of rows from a label source; else null.
  Json labels;
};

// Hashes the input files, so it reads them. Fails with kIo if one cannot be read.
Result<Json> make_manifest(const TrainingSet& set, const ManifestParts& parts,
                           const SourceSet& sources, const BuildContext& context);

}  // namespace rtml::dataset
