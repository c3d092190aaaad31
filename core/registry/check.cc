#include "core/registry/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/hash.h"
#include "core/base/text_list.h"
#include "core/registry/connection.h"
#include "core/registry/event_log.h"
#include "core/registry/projection.h"
#include "core/registry/schema.h"

namespace rtml::registry {
namespace {

using Findings = std::vector<CheckFinding>;

void add(Findings& findings, std::string rule, std::string subject, std::string message) {
  findings.push_back({std::move(rule), std::move(subject), std::move(message)});
}

// A cell as it can be told apart from every other and shown.
std::string cell_text(const Statement& row, int column) {
  sqlite3_stmt* handle = row.handle();
  switch (sqlite3_column_type(handle, column)) {
    case SQLITE_NULL:
      return "null";
    case SQLITE_INTEGER:
      return std::to_string(row.integer(column));
    default:
      return to_json_text(Json(row.text(column)));
  }
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kLongest = 80;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "…";
}

// SQLite's own structure: pages, indexes, constraints.
Status check_structure(Connection& copy, Findings& findings) {
  RTML_TRY_ASSIGN(Statement rows, Statement::prepare(copy, "PRAGMA integrity_check"));
  while (true) {
    const auto row = rows.next();
    if (!row) {
      add(findings, "file", "registry.db", row.error().message());
      return {};
    }
    if (!*row) return {};
    if (const std::string text = rows.text(0); text != "ok") {
      add(findings, "file", "registry.db", text);
    }
  }
}

// Walks the chain, compares the columns that repeat the body, and projects each event into
// `replayed`. Goes on after a break, so that what follows is checked too.
Status check_events(Connection& copy, Connection& replayed, CheckReport& report) {
  RTML_TRY_ASSIGN(Statement rows,
                  Statement::prepare(copy,
                                     "SELECT number, hash, time_us, kind, subject, body FROM "
                                     "events ORDER BY number"));
  std::string previous(kFirstPreviousHash);
  std::int64_t expected_number = 1;
  while (true) {
    RTML_TRY_ASSIGN(const bool found, rows.next());
    if (!found) break;
    const std::int64_t number = rows.integer(0);
    const std::string subject = "event " + std::to_string(number);
    const std::string hash = rows.text(1);
    const std::string body = rows.text(5);
    ++report.event_count;
    if (number != expected_number) {
      add(report.findings, "chain", subject,
          "an event is missing before it, expected number " + std::to_string(expected_number));
    }
    expected_number = number + 1;
    if (event_hash(previous, body) != hash) {
      add(report.findings, "chain", subject, "its hash does not follow from the one before");
    }
    previous = hash;
    auto event = parse_event(body, hash);
    if (!event) {
      add(report.findings, "event", subject, "its body cannot be read");
      continue;
    }
    if (event->number != number || event->time_us != rows.integer(2) ||
        event->kind != rows.text(3) || event->subject != rows.text(4)) {
      add(report.findings, "event", subject, "its columns are not what its body says");
    }
    if (const Status projected = project(replayed, *event); !projected) {
      add(report.findings, "event", subject, projected.error().message());
    }
  }
  report.head_hash = previous;
  return {};
}

// Every row of a table as text by its key.
Result<std::map<std::string, std::vector<std::string>>> rows_by_key(Connection& connection,
                                                                    const ProjectedTable& table,
                                                                    const std::string& columns) {
  RTML_TRY_ASSIGN(Statement rows,
                  Statement::prepare(
                      connection, "SELECT " + columns + ", " + table.key + " FROM " + table.name));
  const auto width = std::count(columns.begin(), columns.end(), ',') + 1;
  std::map<std::string, std::vector<std::string>> all;
  while (true) {
    RTML_TRY_ASSIGN(const bool found, rows.next());
    if (!found) return all;
    std::string key;
    for (int i = static_cast<int>(width); i < rows.column_count(); ++i) {
      key += (key.empty() ? "" : ", ") + cell_text(rows, i);
    }
    while (all.count(key) > 0) key += " again";  // A damaged index lets a key appear twice.
    std::vector<std::string>& cells = all[key];
    for (int i = 0; i < width; ++i) cells.push_back(cell_text(rows, i));
  }
}

Status check_table(Connection& copy, Connection& replayed, const ProjectedTable& table,
                   CheckReport& report) {
  RTML_TRY_ASSIGN(
      const auto names,
      collect(
          replayed, [](const Statement& row) -> Result<std::string> { return row.text(0); },
          "SELECT name FROM pragma_table_info(?) ORDER BY cid", table.name));
  const std::string columns = text_list(names);
  const auto actual = rows_by_key(copy, table, columns);
  if (!actual) {
    add(report.findings, "table", table.name, "it cannot be read: " + actual.error().message());
    return {};
  }
  RTML_TRY_ASSIGN(const auto expected, rows_by_key(replayed, table, columns));
  report.row_count += static_cast<std::int64_t>(actual->size());
  for (const auto& [key, cells] : *actual) {
    const std::string subject = std::string(table.name) + " (" + key + ")";
    const auto found = expected.find(key);
    if (found == expected.end()) {
      add(report.findings, "table", subject, "the log knows no such row");
      continue;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] == found->second[i]) continue;
      add(report.findings, "table", subject + " " + names[i],
          "it holds " + shortened(cells[i]) + ", the log says " + shortened(found->second[i]));
    }
  }
  for (const auto& [key, cells] : expected) {
    if (actual->count(key) == 0) {
      add(report.findings, "table", std::string(table.name) + " (" + key + ")",
          "the row is missing");
    }
  }
  return {};
}

// Tables, indexes and triggers must be exactly those that this format has.
Status check_schema(Connection& copy, Connection& replayed, Findings& findings) {
  const auto item_of = [](const Statement& row) -> Result<std::pair<std::string, std::string>> {
    return std::pair(row.text(0) + " " + row.text(1), row.text(2));
  };
  constexpr std::string_view kSql =
      "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";
  RTML_TRY_ASSIGN(const auto actual, collect(copy, item_of, kSql));
  RTML_TRY_ASSIGN(const auto expected, collect(replayed, item_of, kSql));
  const std::map<std::string, std::string> wanted(expected.begin(), expected.end());
  std::set<std::string> seen;
  for (const auto& [name, sql] : actual) {
    seen.insert(name);
    const auto found = wanted.find(name);
    if (found == wanted.end()) {
      add(findings, "schema", name, "it does not belong to a registry");
    } else if (found->second != sql) {
      add(findings, "schema", name, "its definition was changed");
    }
  }
  for (const auto& [name, sql] : wanted) {
    if (seen.count(name) == 0) add(findings, "schema", name, "it is missing");
  }
  return {};
}

Status check_artifacts(const Registry& registry, const std::vector<Artifact>& artifacts,
                       CheckReport& report, Progress& progress, const CancelFlag& cancel) {
  const ArtifactStore& store = registry.artifacts();
  std::set<std::filesystem::path> known;
  progress.begin("check artifacts", static_cast<std::int64_t>(artifacts.size()), "artifacts");
  for (const Artifact& artifact : artifacts) {
    RTML_TRY(cancel.check());
    const std::filesystem::path path = store.path_of(artifact.sha256);
    known.insert(path);
    const auto hash = sha256_file(path);
    std::error_code ignored;
    const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored));
    if (!hash) {
      add(report.findings, "artifact", artifact.sha256, "its file is missing or cannot be read");
    } else if (*hash != artifact.sha256) {
      add(report.findings, "artifact", artifact.sha256, "its bytes have sha256 " + *hash);
    } else if (size != artifact.size_bytes) {
      add(report.findings, "artifact", artifact.sha256,
          "it has " + std::to_string(size) + " bytes, the registry says " +
              std::to_string(artifact.size_bytes));
    }
    ++report.artifact_count;
    report.artifact_bytes += artifact.size_bytes;
    progress.advance_to(report.artifact_count);
  }
  progress.end();
  std::vector<std::filesystem::path> extra;
  for (const auto& path : store.files()) {
    if (known.count(path) == 0) extra.push_back(path);
  }
  if (extra.empty()) return {};
  // Another process may have stored it since the copy was taken, or be about to, or have died in
  // between; then the next change removes it.
  RTML_TRY_ASSIGN(const Reader now, registry.read());
  for (const auto& path : extra) {
    const std::string name = path.filename().string();
    RTML_TRY_ASSIGN(const auto stored, now.artifact(name));
    if (stored && store.path_of(name) == path) continue;
    if (store.is_staged(name)) continue;
    add(report.findings, "artifact", std::filesystem::relative(path, registry.directory()).string(),
        "the registry knows no such file");
  }
  return {};
}

Result<std::unique_ptr<Connection>> copy_into_memory(const Registry& registry) {
  RTML_TRY(registry.read());  // Finishes an old format's migration, refuses a newer one.
  RTML_TRY_ASSIGN(const auto source, Connection::open_file(registry.database_path(), Access::kRead,
                                                           registry.options().lock_timeout_us));
  RTML_TRY_ASSIGN(auto copy, Connection::open_memory());
  RTML_TRY(copy->copy_from(*source));
  return copy;
}

}  // namespace

Result<CheckReport> check(const Registry& registry, const std::string& expected_head,
                          Progress& progress, const CancelFlag& cancel) {
  CheckReport report;
  RTML_TRY_ASSIGN(const auto copy, copy_into_memory(registry));
  RTML_TRY_ASSIGN(const auto replayed, Connection::open_memory());
  RTML_TRY(create_tables(*replayed));
  RTML_TRY(check_structure(*copy, report.findings));
  RTML_TRY(check_events(*copy, *replayed, report));
  for (const ProjectedTable& table : projected_tables()) {
    RTML_TRY(cancel.check());
    RTML_TRY(check_table(*copy, *replayed, table, report));
  }
  RTML_TRY(check_schema(*copy, *replayed, report.findings));
  if (!expected_head.empty()) {
    RTML_TRY_ASSIGN(
        const std::int64_t found,
        query_integer(*copy, "SELECT count(*) FROM events WHERE hash = ?", expected_head));
    if (found == 0) {
      add(report.findings, "head", expected_head, "the log does not contain the expected event");
    }
  }
  // The log, not the table, says which artifacts there must be.
  RTML_TRY_ASSIGN(const auto artifacts,
                  collect(
                      *replayed,
                      [](const Statement& row) -> Result<Artifact> {
                        return Artifact{row.text(0), row.integer(1), row.integer(2)};
                      },
                      "SELECT sha256, size_bytes, event FROM artifacts ORDER BY sha256"));
  RTML_TRY(check_artifacts(registry, artifacts, report, progress, cancel));
  return report;
}

}  // namespace rtml::registry
