// A directory of intervals: its lock, its manifest and its files.
//
// Files become visible whole and durable before the manifest names them, and the manifest is
// replaced whole: a process that is killed leaves the manifest of before or the one after, and
// maybe files that neither names, which the next one removes. Used by one thread.

#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/file_lock.h"
#include "core/base/result.h"
#include "core/dataset/interval_manifest.h"

namespace rtml::dataset {

class IntervalDirectory {
 public:
  // Opens a directory for what `wanted` says, without its files; makes it and its manifest, unless
  // `is_read_only`, where there are none. Fails with kBusy if another process writes to it, kUsage
  // if it holds something else: other intervals, another view, files without a manifest; kIo, and
  // as reading a manifest does.
  static Result<IntervalDirectory> open(const std::filesystem::path& path,
                                        const IntervalManifest& wanted, bool is_read_only);

  const std::filesystem::path& path() const { return path_; }
  IntervalManifest& manifest() { return manifest_; }
  const IntervalManifest& manifest() const { return manifest_; }

  // Whether the file is there and as long as it was.
  bool has(const IntervalFile& file) const;
  // Replaces the manifest on the disk by manifest().
  Status commit() const;
  // Removes files of intervals that manifest() does not name.
  Status remove_unnamed() const;

 private:
  explicit IntervalDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
  IntervalManifest manifest_;
  std::optional<FileLock> lock_;
};

}  // namespace rtml::dataset
