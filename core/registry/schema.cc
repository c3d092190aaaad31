#include "core/registry/schema.h"

#include "core/registry/event_log.h"
#include "core/registry/projection.h"

namespace rtml::registry {
namespace {

constexpr char kLogSql[] = R"sql(
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  time_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, kind);
)sql";

constexpr char kProjectionSql[] = R"sql(
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  number INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE definitions (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  identity TEXT NOT NULL,
  content TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (kind, name, number),
  UNIQUE (kind, name, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX definitions_by_identity ON definitions (identity);
CREATE TABLE current_definitions (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE retired_definitions (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (kind, name, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE artifacts (
  sha256 TEXT NOT NULL PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE datasets (
  identity TEXT NOT NULL PRIMARY KEY,
  manifest_sha256 TEXT NOT NULL,
  service TEXT NOT NULL,
  service_identity TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  pipeline TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  record TEXT NOT NULL,
  event INTEGER NOT NULL,
  UNIQUE (pipeline, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_versions (
  model TEXT NOT NULL,
  number INTEGER NOT NULL,
  artifact_sha256 TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  record TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (model, number)
) STRICT;
CREATE TABLE aliases (
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  moved_us INTEGER NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (model, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE alias_moves (
  event INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  alias TEXT NOT NULL,
  from_number INTEGER,
  to_number INTEGER NOT NULL,
  rollback INTEGER NOT NULL,
  moved_us INTEGER NOT NULL
) STRICT;
CREATE INDEX alias_moves_by_model ON alias_moves (model, alias);
CREATE TABLE idempotency (
  key TEXT NOT NULL PRIMARY KEY,
  request_sha256 TEXT NOT NULL,
  answer TEXT NOT NULL,
  event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO head VALUES (1, 0, '');
)sql";

constexpr ProjectedTable kProjectedTables[] = {
    {"head", "id"},
    {"definitions", "kind, name, number"},
    {"current_definitions", "kind, name"},
    {"retired_definitions", "kind, name, number"},
    {"artifacts", "sha256"},
    {"datasets", "identity"},
    {"runs", "id"},
    {"model_versions", "model, number"},
    {"aliases", "model, name"},
    {"alias_moves", "event"},
    {"idempotency", "key"},
};

constexpr Migration kMigrations[] = {
    {1, kLogSql},
    {2, ""},
};

Status stamp(Connection& connection, std::int64_t version) {
  RTML_TRY(connection.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
  return connection.execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

std::span<const ProjectedTable> projected_tables() {
  return kProjectedTables;
}

Result<FileState> inspect(Connection& connection, std::int64_t newest) {
  RTML_TRY_ASSIGN(const std::int64_t application,
                  query_integer(connection, "PRAGMA application_id"));
  RTML_TRY_ASSIGN(const std::int64_t version, query_integer(connection, "PRAGMA user_version"));
  if (application == 0 && version == 0) {
    RTML_TRY_ASSIGN(const std::int64_t tables,
                    query_integer(connection, "SELECT count(*) FROM sqlite_schema"));
    if (tables == 0) return FileState::kEmpty;
  }
  if (application != kApplicationId || version < 1) {
    return fail(Error(ErrorCode::kRegistryCorrupt,
                      "file is another program's database, not a registry: " +
                          std::string(sqlite3_db_filename(connection.handle(), "main")))
                    .with_help("restore a backup, or move the file away to start with an empty "
                               "registry"));
  }
  if (version > newest) {
    return fail(
        Error(ErrorCode::kRegistryVersion, "the registry has format " + std::to_string(version) +
                                               ", this rtml knows up to " + std::to_string(newest))
            .with_help("use the rtml that wrote it, or a newer one"));
  }
  return version < newest ? FileState::kOld : FileState::kCurrent;
}

Status create_tables(Connection& connection) {
  RTML_TRY(connection.execute(kLogSql));
  RTML_TRY(connection.execute(kProjectionSql));
  return stamp(connection, kSchemaVersion);
}

Status migrate(Connection& connection, std::span<const Migration> steps) {
  RTML_TRY_ASSIGN(const std::int64_t version, query_integer(connection, "PRAGMA user_version"));
  for (const Migration& step : steps) {
    if (step.version > version) RTML_TRY(connection.execute(step.log_sql));
  }
  const auto name = [](const Statement& row) -> Result<std::string> { return row.text(0); };
  RTML_TRY_ASSIGN(const auto tables,
                  collect(connection, name,
                          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> "
                          "'events' AND name NOT LIKE 'sqlite_%'"));
  for (const std::string& table : tables) {
    RTML_TRY(connection.execute(("DROP TABLE \"" + table + "\"").c_str()));
  }
  RTML_TRY(connection.execute(kProjectionSql));
  RTML_TRY(replay(connection, connection));
  return stamp(connection, steps.back().version);
}

}  // namespace rtml::registry
