#include "core/registry/registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/hash.h"
#include "core/registry/connection.h"
#include "core/registry/record_json.h"
#include "core/registry/schema.h"
#include "core/registry/transaction_state.h"

namespace rtml::registry {
namespace {

// Only the owner may read: evidence and parameters are nobody else's business.
constexpr mode_t kDatabaseMode = 0600;

Error missing(const std::filesystem::path& path) {
  return Error(ErrorCode::kRegistryMissing, "there is no registry: " + path.string())
      .with_help("it is made by the first change, for example \"rtml feature apply\"");
}

// Makes an empty file, so that its mode is right from the start; SQLite fills it.
Status create_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kDatabaseMode);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  if (errno == EEXIST) return {};
  return fail(ErrorCode::kIo,
              "cannot create registry: " + path.string() + " (" + std::strerror(errno) + ")");
}

Status append_creation(Connection& connection, const Change& change, std::int64_t now_us) {
  Event event;
  event.time_us = now_us;
  event.kind = "registry_created";
  event.who = change.who;
  event.lineage = change.lineage;
  event.rtml_version = change.rtml_version;
  event.data = Json{{"format", kSchemaVersion}};
  Head head;
  return append(connection, head, event);
}

// Brings an open write transaction's file to the present format.
Status prepare(Connection& connection, const Change& change, std::int64_t now_us) {
  RTML_TRY_ASSIGN(const FileState state, inspect(connection));
  if (state == FileState::kOld) return migrate(connection, migrations());
  if (state == FileState::kCurrent) return {};
  RTML_TRY(create_tables(connection));
  return append_creation(connection, change, now_us);
}

std::string request_hash(const Json& request) {
  return sha256_hex(to_canonical_json(request));
}

// The answer given earlier under the change's key, if any.
Result<std::optional<Json>> earlier_answer(Connection& connection, const Change& change) {
  if (change.idempotency_key.empty()) return std::nullopt;
  RTML_TRY_ASSIGN(
      Statement row,
      Statement::prepare(connection, "SELECT request_sha256, answer FROM idempotency WHERE key = ?",
                         change.idempotency_key));
  RTML_TRY_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  if (row.text(0) != request_hash(change.request)) {
    return fail(Error(ErrorCode::kIdempotencyConflict,
                      "idempotency key was used for another request: " + change.idempotency_key)
                    .with_help("use a new key for each different request"));
  }
  RTML_TRY_ASSIGN(Json answer, parse_json(row.text(1), "stored answer"));
  return answer;
}

}  // namespace

Registry::Registry(std::filesystem::path directory, const Clock& clock, Options options)
    : directory_(std::move(directory)),
      artifacts_(directory_ / "artifacts"),
      clock_(&clock),
      options_(options) {}

bool Registry::exists() const {
  // A process killed while it made the registry leaves an empty file.
  std::error_code error;
  const auto size = std::filesystem::file_size(database_path(), error);
  return !error && size > 0;
}

Status Registry::create(const Change& change) const {
  if (exists()) return {};
  RTML_TRY_ASSIGN(const auto connection, begin_change(change));
  return connection->execute("COMMIT");
}

Result<std::unique_ptr<Connection>> Registry::begin_change(const Change& change) const {
  std::unique_ptr<Connection> connection;
  if (change.dry_run && !exists()) {
    RTML_TRY_ASSIGN(connection, Connection::open_memory());
  } else {
    if (!exists()) RTML_TRY(create_file(database_path()));
    RTML_TRY_ASSIGN(connection, Connection::open_file(database_path(), Access::kWrite,
                                                      options_.lock_timeout_us));
  }
  RTML_TRY(connection->execute("BEGIN IMMEDIATE"));
  RTML_TRY(prepare(*connection, change, clock_->now_us()));
  return connection;
}

Result<Reader> Registry::read() const {
  if (!exists()) return fail(missing(database_path()));
  for (int attempt = 0;; ++attempt) {
    RTML_TRY_ASSIGN(auto connection, Connection::open_file(database_path(), Access::kRead,
                                                           options_.lock_timeout_us));
    RTML_TRY(connection->execute("BEGIN"));
    RTML_TRY_ASSIGN(const FileState state, inspect(*connection));
    if (state == FileState::kCurrent) return Reader(std::move(connection));
    if (state == FileState::kEmpty) return fail(missing(database_path()));
    if (attempt > 0) {
      return fail(ErrorCode::kInternal, "cannot migrate registry: " + database_path().string());
    }
    connection.reset();
    RTML_TRY_ASSIGN(const auto writer, begin_change(Change()));
    RTML_TRY(writer->execute("COMMIT"));
  }
}

Status Registry::clear_stale(Connection& connection) const {
  return artifacts_.clear_stale([&](const std::string& sha256) -> Result<bool> {
    RTML_TRY_ASSIGN(
        const std::int64_t event,
        query_integer(connection, "SELECT event FROM artifacts WHERE sha256 = ?", sha256));
    return event > 0;
  });
}

Result<Answer> Registry::run_change(Transaction& transaction,
                                    const std::function<Result<Json>(Transaction&)>& work) const {
  Transaction::State& state = *transaction.state_;
  const Change& change = state.change;
  Connection& connection = transaction.connection();
  RTML_TRY_ASSIGN(state.head, read_head(connection));
  RTML_TRY_ASSIGN(auto earlier, earlier_answer(connection, change));
  if (earlier) return Answer{std::move(*earlier), true};
  if (!change.dry_run) RTML_TRY(clear_stale(connection));
  RTML_TRY_ASSIGN(Json value, work(transaction));
  if (change.dry_run) return Answer{std::move(value), false};
  if (!state.pending_artifacts.empty()) {
    RTML_TRY(transaction.append_event("artifacts_stored", "", Json::object()));
  }
  if (!change.idempotency_key.empty()) {
    RTML_TRY(transaction.append_event("request_answered", change.idempotency_key,
                                      {{"key", change.idempotency_key},
                                       {"request_sha256", request_hash(change.request)},
                                       {"answer", value}}));
  }
  RTML_TRY(connection.execute("COMMIT"));
  return Answer{std::move(value), false};
}

Result<Answer> Registry::change(const Change& change,
                                const std::function<Result<Json>(Transaction&)>& work) const {
  RTML_TRY_ASSIGN(auto connection, begin_change(change));
  auto state = std::unique_ptr<Transaction::State>(
      new Transaction::State{change, clock_->now_us(), artifacts_, {}});
  Transaction transaction(std::move(connection), std::move(state));
  auto answer = run_change(transaction, work);
  if (sqlite3_get_autocommit(transaction.connection().handle()) == 0) {
    // Nothing was committed. What was linked goes while the lock is still held.
    for (const std::string& sha256 : transaction.state_->linked) artifacts_.unlink(sha256);
    RTML_TRY(transaction.connection().execute("ROLLBACK"));
  }
  return answer;
}

Result<std::optional<Answer>> Registry::answered(const Change& change) const {
  if (change.idempotency_key.empty() || !exists()) return std::nullopt;
  RTML_TRY_ASSIGN(const Reader reader, read());
  RTML_TRY_ASSIGN(auto answer, earlier_answer(reader.connection(), change));
  if (!answer) return std::nullopt;
  return Answer{std::move(*answer), true};
}

Result<StagedArtifact> Registry::stage(std::string_view bytes) const {
  return artifacts_.stage(bytes);
}

Result<StagedArtifact> Registry::stage_file(const std::filesystem::path& path) const {
  return artifacts_.stage_file(path);
}

Result<std::string> Registry::read_artifact(std::string_view sha256) const {
  return artifacts_.read(sha256);
}

Result<std::filesystem::path> Registry::verified_artifact(std::string_view sha256) const {
  return artifacts_.verified(sha256);
}

}  // namespace rtml::registry
