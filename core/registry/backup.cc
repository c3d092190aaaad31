#include "core/registry/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "core/registry/connection.h"

namespace rtml::registry {
namespace {

namespace fs = std::filesystem;

Error io_error(std::string_view operation, const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kIo,
          std::string(operation) + ": " + path.string() + " (" + error.message() + ")"};
}

Status copy_database(const Registry& registry, const fs::path& target) {
  RTML_TRY(write_file(target, "", 0600));
  RTML_TRY_ASSIGN(const auto source, Connection::open_file(registry.database_path(), Access::kRead,
                                                           registry.options().lock_timeout_us));
  RTML_TRY_ASSIGN(const auto copy, Connection::open_file(target, Access::kWrite,
                                                         registry.options().lock_timeout_us));
  return copy->copy_from(*source);
}

Result<std::vector<std::string>> artifact_hashes(const fs::path& database) {
  RTML_TRY_ASSIGN(const auto connection, Connection::open_file(database, Access::kRead, 0));
  return collect(
      *connection, [](const Statement& row) -> Result<std::string> { return row.text(0); },
      "SELECT sha256 FROM artifacts ORDER BY sha256");
}

Status copy_artifacts(const Registry& registry, const Registry& copy,
                      const std::vector<std::string>& hashes, Progress& progress,
                      const CancelFlag& cancel) {
  progress.begin("copy artifacts", static_cast<std::int64_t>(hashes.size()), "artifacts");
  std::int64_t done = 0;
  for (const std::string& sha256 : hashes) {
    RTML_TRY(cancel.check());
    RTML_TRY_ASSIGN(const fs::path source, registry.verified_artifact(sha256));
    RTML_TRY_ASSIGN(const StagedArtifact staged, copy.stage_file(source));
    if (staged.sha256() != sha256) {
      return fail(ErrorCode::kArtifactCorrupt, "artifact changed while it was copied: " + sha256);
    }
    RTML_TRY(copy.artifacts().link(staged));
    progress.advance_to(++done);
  }
  progress.end();
  return {};
}

Status move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::rename(from, to, error);
  if (error) return fail(io_error("cannot move backup into place", to, error));
  return sync_directory(to.parent_path());
}

// Artifacts first: a file that is there has everything it names. What an earlier backup of the same
// name alone needed goes last.
Status move_into_place(const Registry& copy, const fs::path& file,
                       const std::vector<std::string>& hashes) {
  const ArtifactStore target(backup_artifacts(file));
  std::set<fs::path> wanted;
  for (const std::string& sha256 : hashes) {
    RTML_TRY(move(copy.artifacts().path_of(sha256), target.path_of(sha256)));
    wanted.insert(target.path_of(sha256));
  }
  RTML_TRY(move(copy.database_path(), file));
  std::error_code ignored;
  for (const fs::path& path : target.files()) {
    if (wanted.count(path) == 0) fs::remove(path, ignored);
  }
  return {};
}

}  // namespace

fs::path backup_artifacts(const fs::path& file) {
  fs::path directory = file;
  directory += ".artifacts";
  return directory;
}

Status check_backup_target(const fs::path& file, bool overwrite) {
  std::error_code ignored;
  if (overwrite || !fs::exists(file, ignored)) return {};
  return fail(Error(ErrorCode::kUsage, "backup exists: " + file.string())
                  .with_help("choose another name, or give --force to replace it"));
}

Result<BackupReport> back_up(const Registry& registry, const fs::path& file, bool overwrite,
                             Progress& progress, const CancelFlag& cancel) {
  std::error_code error;
  const fs::path target = fs::absolute(file, error);
  RTML_TRY(check_backup_target(target, overwrite));
  RTML_TRY(registry.read());
  fs::path partial = target;
  partial += ".partial";
  RTML_TRY_ASSIGN(const auto lock, FileLock::try_acquire(partial / "lock"));
  if (!lock) {
    return fail(ErrorCode::kBusy, "another backup is being written: " + partial.string());
  }
  // What an interrupted backup left.
  fs::remove_all(partial / "artifacts", error);
  fs::remove(partial / "registry.db", error);

  const Registry copy(partial, system_clock(), registry.options());
  const auto write = [&]() -> Result<BackupReport> {
    RTML_TRY(copy_database(registry, copy.database_path()));
    RTML_TRY_ASSIGN(const auto hashes, artifact_hashes(copy.database_path()));
    RTML_TRY(copy_artifacts(registry, copy, hashes, progress, cancel));
    BackupReport report;
    RTML_TRY_ASSIGN(report.check, check(copy, "", progress, cancel));
    if (!report.check.findings.empty()) {
      const CheckFinding& first = report.check.findings.front();
      return fail(Error(ErrorCode::kRegistryCorrupt,
                        "the registry is damaged, so no backup was "
                        "written: " +
                            first.subject + ", " + first.message)
                      .with_help("run \"rtml registry check\" for all that is wrong"));
    }
    report.size_bytes = static_cast<std::int64_t>(fs::file_size(copy.database_path(), error));
    RTML_TRY(move_into_place(copy, target, hashes));
    return report;
  };
  auto report = write();
  fs::remove_all(partial, error);
  return report;
}

}  // namespace rtml::registry
