// Artifacts: immutable bytes kept under their SHA-256, <directory>/<aa>/<sha256>.
//
// Bytes are first staged in <directory>/staging and made durable; the transaction that names them
// links them into place before it commits. What a killed process left staged is cleared, with the
// artifact it may have linked, by the next change. A store holds no state but its path.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::registry {

// Bytes on their way into the registry. Destroyed without having been stored by a transaction that
// commits, it leaves nothing behind.
class StagedArtifact {
 public:
  StagedArtifact(StagedArtifact&& other) noexcept;
  StagedArtifact& operator=(StagedArtifact&&) = delete;
  ~StagedArtifact();

  const std::string& sha256() const { return sha256_; }
  std::int64_t size_bytes() const { return size_bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  friend class ArtifactStore;
  StagedArtifact(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  std::string sha256_;
  std::int64_t size_bytes_ = 0;
  int descriptor_;  // Locked while its process lives, which tells the living from the dead.
};

class ArtifactStore {
 public:
  explicit ArtifactStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Writes bytes, or copies a file's, into staging and makes them durable. Fails with kIo, or
  // kNotFound for a missing file.
  Result<StagedArtifact> stage(std::string_view bytes) const;
  Result<StagedArtifact> stage_file(const std::filesystem::path& path) const;

  // Links staged bytes into place, durably; replaces a file there whose bytes are wrong. Returns
  // false if they were there already. REQUIRES: the registry's write lock is held.
  Result<bool> link(const StagedArtifact& artifact) const;
  // Removes an artifact whose transaction did not commit. REQUIRES: the write lock is held.
  void unlink(std::string_view sha256) const;

  // Removes what dead processes left in staging, and each artifact of theirs that `is_known`
  // denies. REQUIRES: the write lock is held.
  Status clear_stale(const std::function<Result<bool>(const std::string& sha256)>& is_known) const;

  // Returns where the bytes are after checking them. Fails with kArtifactCorrupt if they are absent
  // or do not match.
  Result<std::filesystem::path> verified(std::string_view sha256) const;
  // Returns the bytes after checking them. Fails as verified() does.
  Result<std::string> read(std::string_view sha256) const;

  // The paths of all files that are not in staging, in no order.
  std::vector<std::filesystem::path> files() const;
  // True if some process has these bytes in staging.
  bool is_staged(std::string_view sha256) const;

  std::filesystem::path path_of(std::string_view sha256) const;
  const std::filesystem::path& directory() const { return directory_; }

 private:
  Result<StagedArtifact> create_staged() const;
  Status finish_staged(StagedArtifact& artifact, std::string sha256) const;
  std::filesystem::path staging() const { return directory_ / "staging"; }

  std::filesystem::path directory_;
};

}  // namespace rtml::registry
