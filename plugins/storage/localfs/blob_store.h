// The blob capability over a directory: one file a blob, its sha256 the revision. Option:
//   path   the directory (required; it is made if it is absent)
//
// Writers of put_if_unchanged take turns by a lock file that the kernel frees when its holder ends.

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "rtml/sdk/storage.h"

namespace rtml::localfs {

class LocalBlobStore : public sdk::BlobStore {
 public:
  explicit LocalBlobStore(std::filesystem::path root) : root_(std::move(root)) {}

  static sdk::Result<std::unique_ptr<LocalBlobStore>> open(const std::string& options,
                                                           const sdk::Call& call);
  sdk::Result<std::optional<sdk::Blob>> get(const std::string& name,
                                            const sdk::Call& call) override;
  sdk::Result<std::string> put(const std::string& name, std::string_view bytes,
                               const sdk::Call& call) override;
  sdk::Result<std::string> put_if_unchanged(const std::string& name, std::string_view bytes,
                                            const std::optional<std::string>& expected,
                                            const sdk::Call& call) override;

 private:
  // The file of a blob. Fails if the name breaks the rules or a link leads out of the directory.
  sdk::Result<std::filesystem::path> path_of(const std::string& name) const;
  sdk::Result<std::optional<sdk::Blob>> read(const std::filesystem::path& path) const;

  std::filesystem::path root_;  // Absolute.
};

}  // namespace rtml::localfs
