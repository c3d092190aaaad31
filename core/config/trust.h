// Which directories the user trusts: a project there may name programs, libraries and credentials.
//
// The list is a file of the user's own; in CI, RTML_TRUSTED_DIRS names directories, separated
// by ":". A directory is trusted with everything below it.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/environment.h"
#include "core/base/result.h"

namespace rtml::config {

// rtml/ below XDG_CONFIG_HOME or ~/.config; a relative XDG_CONFIG_HOME is ignored, as its
// specification demands. Empty if there is no home.
std::filesystem::path user_directory(const Environment& environment);

// Returns the absolute path with symbolic links resolved, as the list holds it.
std::filesystem::path resolved_directory(const std::filesystem::path& path);

class TrustedDirectories {
 public:
  // Reads the user's list and RTML_TRUSTED_DIRS. Fails with kDataCorrupt if the file is not what
  // rtml wrote, kBadValue if the variable names a relative path.
  static Result<TrustedDirectories> load(const Environment& environment);

  // True if `directory` or one above it is trusted.
  bool contains(const std::filesystem::path& directory) const;
  // True if `directory` itself is on the list.
  bool lists(const std::filesystem::path& directory) const;
  const std::vector<std::filesystem::path>& directories() const { return directories_; }

 private:
  std::vector<std::filesystem::path> directories_;
};

// Adds `directory` to the user's list, or removes it. Returns false if the list said so already.
// Safe while other processes do the same. Fails with kNotFound if an added directory does not
// exist, kUsage if the user has no home, kIo.
Result<bool> trust_directory(const std::filesystem::path& directory,
                             const Environment& environment);
Result<bool> distrust_directory(const std::filesystem::path& directory,
                                const Environment& environment);

}  // namespace rtml::config
