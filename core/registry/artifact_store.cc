#include "core/registry/artifact_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/base/descriptor.h"
#include "core/base/file_system.h"
#include "core/base/hash.h"

namespace rtml::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 64;
constexpr mode_t kArtifactMode = 0444;  // Never changed again.

Error io_error(std::string_view operation, const fs::path& path, int number) {
  const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, std::string(operation) + ": " + path.string() + " (" + std::strerror(number) + ")"};
}

Error corrupt(std::string message, std::string_view sha256) {
  return Error(ErrorCode::kArtifactCorrupt, std::move(message) + ": " + std::string(sha256))
      .with_help("run \"rtml registry check\", and restore the file from a backup");
}

Status write_bytes(int descriptor, std::string_view bytes, const fs::path& path) {
  if (write_all(descriptor, bytes)) return {};
  return fail(io_error("cannot write artifact", path, errno));
}

// Names of files in staging: "<sha256>.<pid>-<n>", or "partial.<pid>-<n>" while being written.
std::string staged_name(std::string_view stem) {
  static std::atomic<unsigned> counter{0};
  return std::string(stem) + "." + std::to_string(::getpid()) + "-" +
         std::to_string(counter.fetch_add(1));
}

// True if nobody holds the file's lock any more; it is then removed.
bool remove_if_abandoned(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool abandoned = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  if (abandoned) ::unlink(path.c_str());
  ::close(descriptor);
  return abandoned;
}

}  // namespace

StagedArtifact::StagedArtifact(StagedArtifact&& other) noexcept
    : path_(std::move(other.path_)),
      sha256_(std::move(other.sha256_)),
      size_bytes_(other.size_bytes_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

StagedArtifact::~StagedArtifact() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

Result<StagedArtifact> ArtifactStore::create_staged() const {
  std::error_code error;
  fs::create_directories(staging(), error);
  if (error) return fail(io_error("cannot create directory", staging(), error.value()));
  while (true) {
    const fs::path path = staging() / staged_name("partial");
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
      if (errno == EEXIST) continue;
      return fail(io_error("cannot create artifact", path, errno));
    }
    StagedArtifact artifact(path, descriptor);
    struct stat status {};
    if (::flock(descriptor, LOCK_EX) != 0 || ::fstat(descriptor, &status) != 0) {
      if (errno == EINTR) continue;
      return fail(io_error("cannot lock artifact", path, errno));
    }
    // Between open and lock another process may have taken the file for an abandoned one.
    if (status.st_nlink > 0) return artifact;
  }
}

Status ArtifactStore::finish_staged(StagedArtifact& artifact, std::string sha256) const {
  if (::fchmod(artifact.descriptor_, kArtifactMode) != 0 || ::fsync(artifact.descriptor_) != 0) {
    return fail(io_error("cannot make artifact durable", artifact.path_, errno));
  }
  const fs::path named = staging() / staged_name(sha256);
  if (::rename(artifact.path_.c_str(), named.c_str()) != 0) {
    return fail(io_error("cannot move artifact into place", named, errno));
  }
  artifact.path_ = named;
  artifact.sha256_ = std::move(sha256);
  // Should power fail after the link below is durable, this entry leads to it.
  return sync_directory(staging());
}

Result<StagedArtifact> ArtifactStore::stage(std::string_view bytes) const {
  RTML_TRY_ASSIGN(StagedArtifact artifact, create_staged());
  RTML_TRY(write_bytes(artifact.descriptor_, bytes, artifact.path_));
  artifact.size_bytes_ = static_cast<std::int64_t>(bytes.size());
  RTML_TRY(finish_staged(artifact, sha256_hex(bytes)));
  return artifact;
}

Result<StagedArtifact> ArtifactStore::stage_file(const fs::path& path) const {
  const int source = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return fail(io_error("cannot open file", path, errno));
  auto artifact = create_staged();
  Sha256 hash;
  std::vector<char> block(1 << 18);
  Status status;
  while (artifact && status) {
    const ssize_t count = ::read(source, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = fail(io_error("cannot read file", path, errno));
    if (count <= 0) break;
    const std::string_view bytes(block.data(), static_cast<std::size_t>(count));
    hash.update(bytes);
    artifact->size_bytes_ += count;
    status = write_bytes(artifact->descriptor_, bytes, artifact->path_);
  }
  ::close(source);
  if (!artifact) return artifact;
  RTML_TRY(std::move(status));
  RTML_TRY(finish_staged(*artifact, hash.finish_hex()));
  return artifact;
}

Result<bool> ArtifactStore::link(const StagedArtifact& artifact) const {
  const fs::path target = path_of(artifact.sha256());
  const fs::path directory = target.parent_path();
  std::error_code error;
  if (fs::create_directories(directory, error)) RTML_TRY(sync_directory(directory_));
  if (error) return fail(io_error("cannot create directory", directory, error.value()));
  bool is_new = true;
  if (::link(artifact.path().c_str(), target.c_str()) != 0) {
    if (errno == EEXIST) {
      is_new = false;
      if (verified(artifact.sha256())) return false;
    }
    // The bytes there are damaged, or the file system has no hard links.
    if (::rename(artifact.path().c_str(), target.c_str()) != 0) {
      return fail(io_error("cannot move artifact into place", target, errno));
    }
  }
  RTML_TRY(sync_directory(directory));
  return is_new;
}

void ArtifactStore::unlink(std::string_view sha256) const {
  ::unlink(path_of(sha256).c_str());
}

Status ArtifactStore::clear_stale(
    const std::function<Result<bool>(const std::string&)>& is_known) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(staging(), ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string stem = name.substr(0, name.find('.'));
    // The artifact goes first: were we killed in between, the staged name still leads to it.
    if (stem.size() == kHashDigits) {
      const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0) continue;
      const bool abandoned = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
      Result<bool> known = true;
      if (abandoned) known = is_known(stem);
      ::close(descriptor);
      if (!known) return fail(std::move(known).error());
      if (!abandoned) continue;
      if (!*known) unlink(stem);
    }
    remove_if_abandoned(entry.path());
  }
  return {};
}

Result<fs::path> ArtifactStore::verified(std::string_view sha256) const {
  fs::path path = path_of(sha256);
  const auto actual = sha256_file(path);
  if (!actual) {
    if (actual.error().code() != ErrorCode::kNotFound) return fail(actual.error());
    return fail(corrupt("artifact is missing", sha256));
  }
  if (*actual != sha256) {
    return fail(corrupt(
        "artifact's bytes are not what was stored (they have sha256 " + *actual + ")", sha256));
  }
  return path;
}

Result<std::string> ArtifactStore::read(std::string_view sha256) const {
  auto bytes = read_file(path_of(sha256));
  if (!bytes) {
    if (bytes.error().code() != ErrorCode::kNotFound) return bytes;
    return fail(corrupt("artifact is missing", sha256));
  }
  const std::string actual = sha256_hex(*bytes);
  if (actual == sha256) return bytes;
  return fail(corrupt("artifact's bytes are not what was stored (they have sha256 " + actual + ")",
                      sha256));
}

std::vector<fs::path> ArtifactStore::files() const {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(directory_, ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry->path() == staging()) {
      entry.disable_recursion_pending();
    } else if (!entry->is_directory(ignored)) {
      paths.push_back(entry->path());
    }
  }
  return paths;
}

bool ArtifactStore::is_staged(std::string_view sha256) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(staging(), ignored)) {
    if (entry.path().filename().string().starts_with(sha256)) return true;
  }
  return false;
}

fs::path ArtifactStore::path_of(std::string_view sha256) const {
  return directory_ / std::string(sha256.substr(0, 2)) / std::string(sha256);
}

}  // namespace rtml::registry
