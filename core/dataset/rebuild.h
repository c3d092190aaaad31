// Makes a training set again from its manifest (docs/formats/manifest.md), or says which of its
// inputs is no longer what it was.

#pragma once

#include <filesystem>

#include "core/base/json.h"
#include "core/dataset/training_set.h"

namespace rtml::dataset {

// Builds the rows that `manifest` describes. `entities` stands in for the entity file where that is
// not empty: a manifest knows a file outside the project by its name alone. Everything the rows
// come from is compared before any row is read: files by their sha256, sources, views and the
// service by their identity.
//
// Fails with kDataChanged, one error a difference, if an input differs or the rows that came out
// do; with kDataCorrupt if it is no manifest, kUnsupported if it is of a newer format or its rows
// came from no file and no source; and as building does.
Result<TrainingSet> rebuild(const Json& manifest, const std::filesystem::path& entities,
                            const BuildContext& context);

}  // namespace rtml::dataset
