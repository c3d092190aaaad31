// The manifest of a training set: how to make it again and how to tell that it is the same
// (docs/formats/manifest.md).

#pragma once

#include <span>
#include <vector>

#include "core/dataset/source_set.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"
#include "core/registry/registry.h"

namespace rtml::dataset {

inline constexpr int kManifestFormat = 2;

// What a manifest is made of beside the rows.
struct ManifestParts {
  std::span<const project::ServiceColumn> features;
  std::span<const project::OnDemandColumn> on_demand;
  const project::FeatureService* service = nullptr;  // Null: features by name.
  // The entity file, empty where the rows come from elsewhere.
  std::filesystem::path entities;
  // {"source", "column", "maturity", "null", "immature"} of rows from a label source; else null.
  Json labels;
  // Of the rows; empty: it is computed from TrainingSet::rows.
  std::string content_sha256;
};

// Hashes the input files, so it reads them. Fails with kIo if one cannot be read.
Result<Json> make_manifest(const TrainingSet& set, const ManifestParts& parts,
                           const SourceSet& sources, const BuildContext& context);

// A source with the files its rows come from: {"source", "identity", "files": [{"path",
// "sha256"}]}. A store that is not made of local files has no files here; its rows are bound by the
// content's hash alone. Fails with kIo if a file cannot be read.
Result<Json> describe_source(const project::Source& source, const BuildContext& context);

// Stores the manifest and records the training set, in one change of the registry.
Result<registry::Answer> record(const TrainingSet& set, const registry::Registry& registry,
                                const registry::Change& change);

}  // namespace rtml::dataset
