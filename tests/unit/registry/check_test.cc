#include "core/registry/check.h"

#include <fstream>

#include "core/base/file_system.h"
#include "core/base/hash.h"
#include "core/registry/backup.h"
#include "core/registry/connection.h"
#include "core/registry/event_log.h"
#include "tests/unit/registry/fixture.h"

namespace rtml::registry {
namespace {

using test::RegistryFixture;

// Changes the file as any program can, past everything that the registry does.
class Tamperer {
 public:
  explicit Tamperer(const std::filesystem::path& path) {
    auto opened = Connection::open_file(path, Access::kWrite, 1'000'000);
    REQUIRE(opened);
    connection_ = std::move(*opened);
    execute("PRAGMA synchronous=OFF; PRAGMA ignore_check_constraints=ON");
  }
  void execute(const std::string& sql) {
    const Status done = connection_->execute(sql.c_str());
    REQUIRE_MESSAGE(done, (sql + ": " + done.error().message()));
  }
  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    const auto texts_of = [](const Statement& row) -> Result<std::vector<std::string>> {
      std::vector<std::string> texts;
      for (int i = 0; i < row.column_count(); ++i) texts.push_back(row.text(i));
      return texts;
    };
    auto all = collect(*connection_, texts_of, sql);
    REQUIRE(all);
    return std::move(*all);
  }

 private:
  std::unique_ptr<Connection> connection_;
};

struct FilledRegistry : RegistryFixture {
  NoProgress progress;
  CancelFlag cancel;

  // Puts rows into every table.
  FilledRegistry() {
    Change change = by_alice("first");
    change.idempotency_key = "key";
    const auto manifest = registry.stage("manifest");
    REQUIRE(registry.change(change, [&](Transaction& transaction) -> Result<Json> {
      RTML_TRY(transaction.apply("source", "events", std::string(64, '1'), {{"a", 1}}));
      RTML_TRY(transaction.apply("feature_view", "customer", std::string(64, '2'), {{"b", 2}}));
      RTML_TRY(transaction.apply("feature_view", "customer", std::string(64, '3'), {{"b", 3}}));
      RTML_TRY(transaction.apply("feature_view", "old", std::string(64, '4'), {{"c", 3}}));
      RTML_TRY(transaction.retire("feature_view", "old"));
      RTML_TRY(transaction.retire_version("feature_view", "old", 1));
      Dataset dataset;
      dataset.identity = std::string(64, '5');
      RTML_TRY_ASSIGN(dataset.manifest_sha256, transaction.store(*manifest));
      RTML_TRY(transaction.record_dataset(dataset));
      RTML_TRY(transaction.record_refusal("registration_refused", "fraud", Json::object()));
      return Json("done");
    }));
    for (const char* bytes : {"one", "two"}) register_run(record_run(bytes));
    REQUIRE(promote(1));
    REQUIRE(promote(2));
    REQUIRE(registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
      RTML_TRY(transaction.roll_back("fraud", "champion", 2, 1));
      return Json(nullptr);
    }));
  }

  std::vector<CheckFinding> findings(const std::string& head = "") {
    const auto report = check(registry, head, progress, cancel);
    if (!report) return {{"error", "", report.error().message()}};
    return report->findings;
  }

  // Does `tamper` to a fresh copy of the database and says how many findings there are.
  std::size_t findings_after(const std::string& sql) {
    const auto original = *read_file(registry.database_path());
    { Tamperer(registry.database_path()).execute(sql); }
    const std::size_t count = findings().size();
    std::ofstream(registry.database_path(), std::ios::binary) << original;
    return count;
  }
};

TEST_CASE_FIXTURE(FilledRegistry, "check: a sound registry has no findings") {
  const auto report = check(registry, "", progress, cancel);
  REQUIRE(report);
  for (const auto& finding : report->findings) MESSAGE((finding.subject + " " + finding.message));
  CHECK(report->findings.empty());
  CHECK(report->event_count == 17);
  CHECK(report->artifact_count == 3);
  CHECK(findings(report->head_hash).empty());
  CHECK(findings(std::string(64, '0')).front().rule == "head");
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds every cell that was changed") {
  std::size_t cells = 0;
  std::vector<std::vector<std::string>> columns;
  std::vector<std::string> tables;
  {
    Tamperer tamperer(registry.database_path());
    for (const auto& table : tamperer.rows("SELECT name FROM sqlite_schema WHERE type='table'")) {
      tables.push_back(table[0]);
    }
  }
  REQUIRE(tables.size() == 12);
  for (const std::string& table : tables) {
    std::vector<std::vector<std::string>> info;
    std::vector<std::vector<std::string>> rows;
    {
      Tamperer tamperer(registry.database_path());
      info = tamperer.rows("SELECT name, type FROM pragma_table_info('" + table + "')");
      rows = tamperer.rows("SELECT * FROM " + table);
    }
    CHECK_MESSAGE(!rows.empty(), table);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      std::string where = " WHERE 1";
      for (std::size_t i = 0; i < info.size(); ++i) {
        where += " AND " + info[i][0] + " IS ";
        where +=
            rows[row][i].empty() && info[i][1] == "INTEGER" ? "NULL" : "'" + rows[row][i] + "'";
      }
      for (const auto& column : info) {
        const std::string change = column[1] == "INTEGER" ? "coalesce(" + column[0] + ", 0) + 1000"
                                                          : column[0] + " || ' '";
        const std::string sql = "UPDATE " + table + " SET " + column[0] + " = " + change + where;
        CHECK_MESSAGE(findings_after(sql) > 0, sql);
        ++cells;
      }
      CHECK_MESSAGE(findings_after("DELETE FROM " + table + where) > 0, table);
    }
  }
  CHECK(cells > 150);
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds rows, tables and triggers that do not belong") {
  CHECK(findings_after("INSERT INTO aliases VALUES ('fraud', 'other', 1, 0, 3)") > 0);
  CHECK(findings_after("INSERT INTO artifacts VALUES ('" + std::string(64, 'a') + "', 1, 3)") > 0);
  CHECK(findings_after("CREATE TABLE other (x)") > 0);
  CHECK(findings_after("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM aliases; END") >
        0);
  CHECK(findings_after("DROP INDEX events_by_subject") > 0);
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds an event that was rewritten with its own hash") {
  // The forger recomputes the hash of the last promotion, which changes what follows from it.
  const auto reader_events = registry.read()->events({.kind = "alias_moved", .limit = 1});
  Event event = reader_events->front();
  const std::string previous = registry.read()->events()->at(2).hash;
  event.why = "forged";
  const std::string body = event_body(event);
  CHECK(findings_after("UPDATE events SET body = '" + body + "', hash = '" +
                       event_hash(previous, body) +
                       "' WHERE number = " + std::to_string(event.number)) > 0);
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds the last events cut off") {
  CHECK(findings_after("DELETE FROM events WHERE number = 16") > 0);
  CHECK(findings_after("DELETE FROM events WHERE number > 10") > 0);
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds each byte of an artifact that changed") {
  const std::string sha256 = sha256_hex("one");
  const auto path = registry.artifacts().path_of(sha256);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  for (std::size_t i = 0; i < 3; ++i) {
    std::string bytes = "one";
    bytes[i] ^= 1;
    std::ofstream(path, std::ios::binary) << bytes;
    const auto found = findings();
    REQUIRE(found.size() == 1);
    CHECK(found[0].rule == "artifact");
    CHECK(found[0].subject == sha256);
  }
  std::ofstream(path, std::ios::binary) << "one!";
  CHECK(findings().size() == 1);
  std::filesystem::remove(path);
  CHECK(findings().size() == 1);
}

TEST_CASE_FIXTURE(FilledRegistry, "check: finds files that nothing names") {
  const auto extra = registry.artifacts().path_of(std::string(64, 'e'));
  std::filesystem::create_directories(extra.parent_path());
  std::ofstream(extra) << "extra";
  REQUIRE(findings().size() == 1);
  CHECK(findings()[0].rule == "artifact");
}

TEST_CASE_FIXTURE(FilledRegistry, "check: reports damaged pages and does not crash") {
  const auto original = *read_file(registry.database_path());
  for (std::size_t offset = 0; offset < original.size(); offset += 509) {
    std::string bytes = original;
    for (std::size_t i = offset; i < std::min(offset + 64, bytes.size()); ++i) bytes[i] ^= 0x5A;
    std::ofstream(registry.database_path(), std::ios::binary) << bytes;
    const auto report = check(registry, "", progress, cancel);
    // Bytes that no page uses may change unseen; anything else is an error or a finding.
    if (!report) CHECK(report.error().code() != ErrorCode::kInternal);
  }
}

TEST_CASE_FIXTURE(FilledRegistry, "back_up: the copy can take the registry's place") {
  const auto file = temporary / "backup.db";
  const auto written = back_up(registry, file, false, progress, cancel);
  REQUIRE_MESSAGE(written, written.error().message());
  CHECK(written->check.event_count == 17);
  CHECK(back_up(registry, file, false, progress, cancel).error().code() == ErrorCode::kUsage);
  register_run(record_run("three"));
  CHECK(back_up(registry, file, true, progress, cancel));

  const auto restored = temporary / "restored";
  std::filesystem::create_directories(restored);
  std::filesystem::copy(file, restored / "registry.db");
  std::filesystem::copy(backup_artifacts(file), restored / "artifacts",
                        std::filesystem::copy_options::recursive);
  const Registry copy(restored, clock);
  const auto report = check(copy, "", progress, cancel);
  REQUIRE(report);
  CHECK(report->findings.empty());
  CHECK(copy.read()->versions("fraud")->size() == 3);
  CHECK_FALSE(std::filesystem::exists(temporary / "backup.db.partial"));
}

TEST_CASE_FIXTURE(FilledRegistry, "back_up: a damaged registry leaves no backup") {
  std::filesystem::remove(registry.artifacts().path_of(sha256_hex("one")));
  const auto file = temporary / "backup.db";
  CHECK(back_up(registry, file, false, progress, cancel).error().code() ==
        ErrorCode::kArtifactCorrupt);
  CHECK_FALSE(std::filesystem::exists(file));
  { Tamperer(registry.database_path()).execute("UPDATE aliases SET number = 2"); }
  register_run(record_run("one"));
  CHECK(back_up(registry, file, false, progress, cancel).error().code() ==
        ErrorCode::kRegistryCorrupt);
  CHECK_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace rtml::registry
