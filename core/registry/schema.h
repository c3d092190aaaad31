// The tables of the registry, the version of the file, and the way from older versions.
//
// Internal to core/registry. The event log is the truth; every other table is a projection of it
// and is made anew from the log by a migration. So a migration changes the table of events only.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/registry/connection.h"

namespace rtml::registry {

// "rtml", in the file's application_id.
inline constexpr std::int64_t kApplicationId = 0x72746D6C;
// Version of the file, in its user_version.
inline constexpr std::int64_t kSchemaVersion = 2;

// One step from the version before to `version`.
struct Migration {
  std::int64_t version;
  const char* log_sql;  // What changes in the table of events; may be empty.
};

// The steps to every version since the first, in order.
std::span<const Migration> migrations();

enum class FileState : std::uint8_t { kEmpty, kCurrent, kOld };

// Looks at the version of an open file. Fails with kRegistryCorrupt if it is another program's,
// kRegistryVersion if a newer rtml wrote it.
Result<FileState> inspect(Connection& connection, std::int64_t newest = kSchemaVersion);

// Makes the tables in an empty file. REQUIRES: an open write transaction.
Status create_tables(Connection& connection);

// Brings an older file to the version of the last step. REQUIRES: an open write transaction, so
// that all steps happen or none.
Status migrate(Connection& connection, std::span<const Migration> steps);

// The names of the projected tables, each with the columns that order its rows.
struct ProjectedTable {
  const char* name;
  const char* key;
};
std::span<const ProjectedTable> projected_tables();

}  // namespace rtml::registry
