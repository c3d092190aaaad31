// The registry of a project: what was defined, trained, registered and promoted, by whom and why.
//
// One SQLite file, `registry.db`, with the artifacts beside it, all in one directory (`.rtml`).
// Every change is one transaction that appends to a hash-chained event log; the tables are a
// projection of that log (docs/formats/registry.md). This folder is the only place with SQL.
//
// Registry is a light handle: it holds no connection between calls. read() gives a consistent view,
// to be dropped before anything is printed; change() does all or nothing. Any number of processes
// may use one registry. A Registry, Reader or Transaction is used by one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/registry/artifact_store.h"
#include "core/registry/reader.h"
#include "core/registry/records.h"
#include "core/registry/transaction.h"

namespace rtml::registry {

enum class Access : std::uint8_t;

// Who asks for a change, why, and on what grounds. Goes into every event of the change.
struct Change {
  std::string who;  // "alice@host", or what the CI calls the actor.
  std::string why;  // Free text; may be empty.
  lineage::Lineage lineage;
  std::string rtml_version;
  Json evidence;         // The figures a decision stood on; null for none.
  bool dry_run = false;  // Does everything, then rolls back: nothing is written.
  // With a key, the same request is done once: a repetition gets the first answer again. `request`
  // is whatever makes two requests the same (command and arguments, without the key).
  std::string idempotency_key;
  Json request;
};

// What a change answered.
struct Answer {
  Json value;
  bool repeated = false;  // Given before under the same idempotency key; nothing was changed now.
};

struct Options {
  std::int64_t lock_timeout_us = 10'000'000;  // How long to wait for other processes.
};

class Registry {
 public:
  // `directory` is the project's .rtml. Nothing is touched before the first read() or change().
  // `clock` gives the time of events and must live as long as the Registry.
  Registry(std::filesystem::path directory, const Clock& clock, Options options = {});

  // True if the registry has been made.
  bool exists() const;

  // Makes an empty registry if there is none; `change` says who asks. Safe to call from many
  // processes at once.
  Status create(const Change& change) const;

  // Opens a consistent view of this moment. Fails with kRegistryMissing (unless it was made),
  // kRegistryBusy, kRegistryVersion, kRegistryCorrupt (also for a file that is no registry).
  Result<Reader> read() const;

  // Runs `work` in one write transaction and commits what it did, with the events it appended, if
  // it succeeds; its value is the answer. If it fails, or change.dry_run, nothing is changed. The
  // registry is made first where it is missing. `work` must not print, wait, or use this Registry
  // but through the Transaction: other processes stand in line meanwhile. Fails as `work` does, as
  // read() does, and with kIdempotencyConflict if the key belongs to another request.
  Result<Answer> change(const Change& change,
                        const std::function<Result<Json>(Transaction&)>& work) const;

  // The answer that change() would repeat, or nothing: for callers that do costly work first. Fails
  // as change() does.
  Result<std::optional<Answer>> answered(const Change& change) const;

  // Writes an artifact's bytes durably beside the registry, not yet part of it: hand the result to
  // Transaction::store(). Do this before change(), so that nobody waits for the bytes.
  Result<StagedArtifact> stage(std::string_view bytes) const;
  Result<StagedArtifact> stage_file(const std::filesystem::path& path) const;

  // Returns an artifact's bytes after checking them. Fails with kArtifactCorrupt if they are absent
  // or do not match `sha256`.
  Result<std::string> read_artifact(std::string_view sha256) const;
  // Returns where an artifact's bytes are, after checking them as read_artifact() does.
  Result<std::filesystem::path> verified_artifact(std::string_view sha256) const;

  // Where artifacts are kept.
  const ArtifactStore& artifacts() const { return artifacts_; }
  const Options& options() const { return options_; }
  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path database_path() const { return directory_ / "registry.db"; }

 private:
  Result<std::unique_ptr<Connection>> open_current(Access access) const;
  Result<std::unique_ptr<Connection>> begin_change(const Change& change) const;
  Status clear_stale(Connection& connection) const;
  Result<Answer> run_change(Transaction& transaction,
                            const std::function<Result<Json>(Transaction&)>& work) const;

  std::filesystem::path directory_;
  ArtifactStore artifacts_;
  const Clock* clock_;
  Options options_;
};

}  // namespace rtml::registry
