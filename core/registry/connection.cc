#include "core/registry/connection.h"

#include <time.h>
#include <unistd.h>

#include <random>

#include "core/base/clock.h"

namespace rtml::registry {
namespace {

constexpr std::string_view kCheckHelp =
    "run \"rtml registry check\", and restore a backup if it reports damage";

// Sleeps 0.3 to 2 ms. Everyone draws from the same range however long they have waited, which is
// what keeps the line fair: SQLite's own handler sleeps longer the longer one waits.
void sleep_briefly() {
  thread_local std::minstd_rand generator(static_cast<unsigned>(::getpid()) * 2654435761U +
                                          static_cast<unsigned>(system_clock().monotonic_us()));
  std::uniform_int_distribution<long> nanoseconds(300'000, 2'000'000);
  const timespec duration{0, nanoseconds(generator)};
  ::nanosleep(&duration, nullptr);
}

}  // namespace

int Connection::wait_for_lock(void* connection, int attempts) {
  auto* self = static_cast<Connection*>(connection);
  const std::int64_t now_us = system_clock().monotonic_us();
  if (attempts == 0) self->waiting_since_us_ = now_us;
  if (now_us - self->waiting_since_us_ >= self->lock_timeout_us_) return 0;
  sleep_briefly();
  return 1;
}

Result<std::unique_ptr<Connection>> Connection::open_file(const std::filesystem::path& path,
                                                          Access access,
                                                          std::int64_t lock_timeout_us) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  if (!std::filesystem::exists(status)) {
    return fail(Error(ErrorCode::kRegistryMissing, "there is no registry: " + path.string())
                    .with_help("it is made by the first change, for example \"rtml feature "
                               "apply\", or by \"rtml init\""));
  }
  if (std::filesystem::is_symlink(status)) {
    return fail(Error(ErrorCode::kUntrusted, "registry is a symbolic link: " + path.string())
                    .with_help("put the file itself there, or name its directory in rtml.yaml"));
  }
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, path, lock_timeout_us));
  if (result != SQLITE_OK) return fail(connection->error("cannot open registry", result));
  sqlite3_busy_handler(handle, wait_for_lock, connection.get());
  sqlite3_extended_result_codes(handle, 1);
  RTML_TRY(
      connection->execute("PRAGMA synchronous=EXTRA; PRAGMA trusted_schema=OFF;"
                          "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"));
  if (access == Access::kRead) RTML_TRY(connection->execute("PRAGMA query_only=ON"));
  return connection;
}

Result<std::unique_ptr<Connection>> Connection::open_memory() {
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(":memory:", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, "(memory)", 0));
  if (result != SQLITE_OK) return fail(connection->error("cannot open registry", result));
  sqlite3_extended_result_codes(handle, 1);
  return connection;
}

Connection::~Connection() {
  sqlite3_close_v2(handle_);
}

Status Connection::execute(const char* sql) {
  const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return fail(error("cannot use registry", result));
  return {};
}

Status Connection::copy_from(Connection& source) {
  sqlite3_backup* backup = sqlite3_backup_init(handle_, "main", source.handle_, "main");
  if (backup == nullptr) return fail(error("cannot copy registry", sqlite3_errcode(handle_)));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return fail(source.error("cannot copy registry", stepped));
  if (finished != SQLITE_OK) return fail(error("cannot copy registry", finished));
  return {};
}

Error Connection::error(std::string_view operation, int result) const {
  const std::string subject = std::string(operation) + ": " + path_.string();
  switch (result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorCode::kRegistryBusy, "the registry stayed in use by other processes for " +
                                                 std::to_string(lock_timeout_us_ / 1000) +
                                                 " ms: " + path_.string())
          .with_help("try again; nothing was changed");
    case SQLITE_NOTADB:
      return Error(ErrorCode::kRegistryCorrupt, "file is not a registry: " + path_.string())
          .with_help(
              "it holds no SQLite database; restore a backup, or move the file away to "
              "start with an empty registry");
    case SQLITE_CORRUPT:
      return Error(ErrorCode::kRegistryCorrupt, subject + " (" + sqlite3_errmsg(handle_) + ")")
          .with_help(std::string(kCheckHelp));
    case SQLITE_FULL:
      return {ErrorCode::kIo, subject + " (no space left)"};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kIo, subject + " (" + sqlite3_errmsg(handle_) + ")"};
    case SQLITE_ERROR:
      // A statement of ours that does not fit the tables: someone changed them.
      return Error(ErrorCode::kRegistryCorrupt, subject + " (" + sqlite3_errmsg(handle_) + ")")
          .with_help(std::string(kCheckHelp));
    default:
      return {ErrorCode::kInternal, subject + " (" + sqlite3_errmsg(handle_) + ")"};
  }
}

Result<Statement> Statement::compile(Connection& connection, std::string_view sql) {
  Statement statement(connection);
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v2(connection.handle(), sql.data(),
                                        static_cast<int>(sql.size()), &handle, nullptr);
  statement.statement_.reset(handle);
  if (result != SQLITE_OK) return fail(connection.error("cannot use registry", result));
  return statement;
}

Result<bool> Statement::next() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return fail(connection_->error("cannot use registry", result));
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), index, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

void Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) {
    bind(index, *value);
  } else {
    sqlite3_bind_null(statement_.get(), index);
  }
}

}  // namespace rtml::registry
