// A copy of a registry that can take its place.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/registry/check.h"
#include "core/registry/registry.h"

namespace rtml::registry {

struct BackupReport {
  std::int64_t size_bytes = 0;  // Of the file, without the artifacts.
  CheckReport check;            // Of the backup itself.
};

// Where the artifacts of a backup are: "<file>.artifacts".
std::filesystem::path backup_artifacts(const std::filesystem::path& file);

// Fails with kUsage if `file` exists and not `overwrite`.
Status check_backup_target(const std::filesystem::path& file, bool overwrite);

// Writes the registry as of one moment to `file` and its artifacts to backup_artifacts(file), while
// others go on using it, then checks the copy as check() does. `file` appears last and only if the
// copy is sound. To restore, copy the two to registry.db and artifacts. Fails with kUsage if `file`
// exists and not `overwrite`, kRegistryCorrupt if the copy does not pass, kIo, kInterrupted.
Result<BackupReport> back_up(const Registry& registry, const std::filesystem::path& file,
                             bool overwrite, Progress& progress, const CancelFlag& cancel);

}  // namespace rtml::registry
