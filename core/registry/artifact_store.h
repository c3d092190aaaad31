// Artifacts: immutable bytes kept under their SHA-256, <directory>/<aa>/<sha256>.
//
// Bytes are first staged in the registry's `tmp` and made durable; the transaction that names them
// links them into place before it commits. What a killed process left staged is cleared, with the
// artifact it may have linked, by the next change.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/file_system.h"
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
  StagedArtifact(std::filesystem::path path, std::string sha256, std::int64_t size_bytes,
                 int descriptor);
  std::filesystem::path path_;
  std::string sha256_;
  std::int64_t size_bytes_;
  int descriptor_;  // Locked while this process lives, which tells the living from the dead.
};

}  // namespace rtml::registry
