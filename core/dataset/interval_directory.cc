#include "core/dataset/interval_directory.h"

#include <set>
#include <system_error>

#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/dataset/interval.h"

namespace rtml::dataset {
namespace {

constexpr const char* kLock = ".lock";

// Refuses a directory whose files are not ours to stand beside.
Status check_empty(const std::filesystem::path& path) {
  std::error_code error;
  std::set<std::string> others;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name != kLock && !name.starts_with(kIntervalManifest)) others.insert(name);
  }
  if (others.empty()) return {};
  return fail(
      Error(ErrorCode::kUsage,
            "the directory holds other files and no manifest of intervals: " + path.string())
          .with_help("give --out a directory that is new or empty; there is " + *others.begin()));
}

std::string described(const IntervalManifest& manifest) {
  return manifest.kind + " " + manifest.name + " by intervals of " +
         format_duration(manifest.interval_us) +
         (manifest.every_us > 0 ? ", every " + format_duration(manifest.every_us) : "");
}

Status check_same(const std::filesystem::path& path, const IntervalManifest& found,
                  const IntervalManifest& wanted) {
  if (described(found) == described(wanted)) return {};
  return fail(Error(ErrorCode::kUsage, "the directory holds " + described(found) + ", not " +
                                           described(wanted) + ": " + path.string())
                  .with_help("give another directory, or the options that it was written with"));
}

// The manifest that is there, if any.
Result<std::optional<IntervalManifest>> load(const std::filesystem::path& path,
                                             const IntervalManifest& wanted) {
  const std::filesystem::path file = path / kIntervalManifest;
  const Result<std::string> text = read_file(file);
  if (!text && text.error().code() == ErrorCode::kNotFound) {
    RTML_TRY(check_empty(path));
    return std::nullopt;
  }
  if (!text) return fail(text.error());
  RTML_TRY_ASSIGN(IntervalManifest manifest, parse_interval_manifest(*text, file.string()));
  RTML_TRY(check_same(path, manifest, wanted));
  return manifest;
}

}  // namespace

Result<IntervalDirectory> IntervalDirectory::open(const std::filesystem::path& path,
                                                  const IntervalManifest& wanted,
                                                  bool is_read_only) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored)) {
    return fail(Error(ErrorCode::kUsage,
                      "intervals are written to a directory, and this is a "
                      "file: " +
                          path.string())
                    .with_help("give --out a directory, or leave --interval out"));
  }
  // Refused before anything is made there.
  RTML_TRY(load(path, wanted));
  IntervalDirectory directory(path);
  if (!is_read_only) {
    RTML_TRY_ASSIGN(directory.lock_, FileLock::try_acquire(path / kLock));
    if (!directory.lock_) {
      return fail(
          Error(ErrorCode::kBusy, "another process writes to the directory: " + path.string())
              .with_help("wait for it and try again"));
    }
    remove_stale_temporaries(path);
  }
  RTML_TRY_ASSIGN(std::optional<IntervalManifest> found, load(path, wanted));
  directory.manifest_ = found ? std::move(*found) : wanted;
  if (!found && !is_read_only) RTML_TRY(directory.commit());
  return directory;
}

bool IntervalDirectory::has(const IntervalFile& file) const {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path_ / file.file, error);
  return !error && static_cast<std::int64_t>(bytes) == file.bytes;
}

Status IntervalDirectory::commit() const {
  return write_file(path_ / kIntervalManifest, to_text(manifest_));
}

Status IntervalDirectory::remove_unnamed() const {
  std::set<std::string> named;
  for (const auto& [from_us, file] : manifest_.files) named.insert(file.file);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    if (!is_interval_file_name(name) || named.contains(name)) continue;
    std::error_code failed;
    std::filesystem::remove(entry.path(), failed);
    if (failed) {
      return fail(ErrorCode::kIo,
                  "cannot remove file: " + entry.path().string() + " (" + failed.message() + ")");
    }
  }
  return {};
}

}  // namespace rtml::dataset
