#include "core/registry/schema.h"

#include "core/registry/event_log.h"
#include "tests/unit/registry/fixture.h"

namespace rtml::registry {
namespace {

using test::RegistryFixture;

struct Opened : RegistryFixture {
  std::unique_ptr<Connection> open() {
    auto connection = Connection::open_file(registry.database_path(), Access::kWrite, 1'000'000);
    REQUIRE(connection);
    return std::move(*connection);
  }
};

TEST_CASE_FIXTURE(Opened, "inspect: refuses a registry that a newer rtml wrote") {
  record_run("model");
  REQUIRE(open()->execute("PRAGMA user_version=99"));
  const auto read = registry.read();
  CHECK(read.error().code() == ErrorCode::kRegistryVersion);
  const auto changed =
      registry.change(by_alice(), [](Transaction&) -> Result<Json> { return Json(1); });
  CHECK(changed.error().code() == ErrorCode::kRegistryVersion);
}

TEST_CASE_FIXTURE(Opened, "inspect: refuses another program's database") {
  record_run("model");
  REQUIRE(open()->execute("PRAGMA application_id=1"));
  CHECK(registry.read().error().code() == ErrorCode::kRegistryCorrupt);
}

TEST_CASE_FIXTURE(Opened, "migrate: changes the log, then makes the tables anew from it") {
  register_run(record_run("model"));
  const auto connection = open();
  // A later format that wants one more column, and tables that an older one had.
  const Migration steps[] = {
      {1, "this step is behind us"},
      {2, "this one too"},
      {3, "ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT ''"},
      {4, "UPDATE events SET note = 'migrated'"},
  };
  REQUIRE(connection->execute("CREATE TABLE of_old (x); DELETE FROM model_versions"));
  CHECK(*inspect(*connection, 4) == FileState::kOld);
  REQUIRE(connection->execute("BEGIN IMMEDIATE"));
  const Status migrated = migrate(*connection, steps);
  REQUIRE_MESSAGE(migrated, migrated.error().message());
  REQUIRE(connection->execute("COMMIT"));
  CHECK(*inspect(*connection, 4) == FileState::kCurrent);
  CHECK(*query_integer(*connection, "SELECT count(*) FROM model_versions") == 1);
  CHECK(*query_integer(*connection, "SELECT count(*) FROM events WHERE note = 'migrated'") == 3);
  CHECK(*query_integer(*connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'of_old'") ==
        0);
  CHECK(read_head(*connection)->number == 3);
}

TEST_CASE_FIXTURE(Opened, "migrate: a step that fails changes nothing") {
  register_run(record_run("model"));
  const auto connection = open();
  const Migration steps[] = {{2, "ALTER TABLE events ADD COLUMN note TEXT"},
                             {3, "UPDATE nothing SET x = 1"}};
  REQUIRE(connection->execute("BEGIN IMMEDIATE"));
  CHECK_FALSE(migrate(*connection, steps));
  REQUIRE(connection->execute("ROLLBACK"));
  CHECK(*inspect(*connection) == FileState::kCurrent);
  CHECK(registry.read()->versions("fraud")->size() == 1);
}

TEST_CASE_FIXTURE(Opened, "migrate: a log that is broken is not migrated") {
  register_run(record_run("model"));
  const auto connection = open();
  REQUIRE(
      connection->execute("UPDATE events SET body = replace(body, 'alice', 'mallory') WHERE "
                          "number = 2"));
  const Migration steps[] = {{2, ""}};
  CHECK(migrate(*connection, steps).error().code() == ErrorCode::kRegistryCorrupt);
}

}  // namespace
}  // namespace rtml::registry
