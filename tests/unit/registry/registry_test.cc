#include "core/registry/registry.h"

#include <sys/stat.h>

#include <fstream>

#include "core/base/hash.h"
#include "tests/unit/registry/fixture.h"

namespace rtml::registry {
namespace {

using test::RegistryFixture;

TEST_CASE_FIXTURE(RegistryFixture, "registry: is made by the first change, not by a read") {
  CHECK_FALSE(registry.exists());
  CHECK(registry.read().error().code() == ErrorCode::kRegistryMissing);
  CHECK_FALSE(registry.exists());
  record_run("model one");
  CHECK(registry.exists());
  struct stat status {};
  REQUIRE(::stat(registry.database_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_FIXTURE(RegistryFixture, "registry: an empty file, left by a kill, is no registry yet") {
  std::filesystem::create_directories(registry.directory());
  std::ofstream(registry.database_path()).flush();
  CHECK_FALSE(registry.exists());
  CHECK(registry.read().error().code() == ErrorCode::kRegistryMissing);
  CHECK(record_run("model") == "fraud-1");
}

TEST_CASE_FIXTURE(RegistryFixture, "change: a version binds what its run was made from") {
  const std::string run = record_run("model one", 0.875);
  CHECK(run == "fraud-1");
  CHECK(register_run(run) == 1);
  const auto reader = registry.read();
  REQUIRE(reader);
  const auto version = reader->resolve("fraud");
  REQUIRE(version);
  CHECK(version->artifact_sha256 == sha256_hex("model one"));
  CHECK(version->metrics["roc_auc"] == 0.875);
  CHECK(version->parameters["loss"] == "logistic");
  CHECK(version->seed == 7);
  CHECK(version->run_id == "fraud-1");
  CHECK(version->lineage.commit == std::string(40, 'a'));
  CHECK(version->created_us == clock.now_us());
  CHECK(*registry.read_artifact(version->artifact_sha256) == "model one");
}

TEST_CASE_FIXTURE(RegistryFixture, "change: failing work leaves neither rows nor files") {
  record_run("model one");
  const auto staged = registry.stage("model two");
  REQUIRE(staged);
  const auto answer = registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
    RTML_TRY(transaction.store(*staged));
    RTML_TRY(transaction.register_run("fraud-1", "fraud"));
    return fail(ErrorCode::kFailed, "no");
  });
  CHECK(answer.error().message() == "no");
  CHECK_FALSE(std::filesystem::exists(registry.artifacts().path_of(sha256_hex("model two"))));
  const auto reader = registry.read();
  CHECK(reader->models()->empty());
  CHECK(reader->events()->size() == 2);
}

TEST_CASE_FIXTURE(RegistryFixture, "change: a dry run answers and changes nothing") {
  Change change = by_alice();
  change.dry_run = true;
  const auto staged = registry.stage("bytes");
  const auto work = [&](Transaction& transaction) -> Result<Json> {
    RTML_TRY_ASSIGN(const std::string sha256, transaction.store(*staged));
    ModelVersion version;
    version.model = "fraud";
    version.artifact_sha256 = sha256;
    RTML_TRY_ASSIGN(version, transaction.register_version(version));
    return Json(version.number);
  };
  const auto first = registry.change(change, work);
  REQUIRE(first);
  CHECK(first->value == 1);
  CHECK_FALSE(registry.exists());
  record_run("model one");
  CHECK(registry.change(change, work)->value == 1);
  CHECK(registry.read()->events()->size() == 2);
  CHECK_FALSE(std::filesystem::exists(registry.artifacts().path_of(sha256_hex("bytes"))));
}

TEST_CASE_FIXTURE(RegistryFixture, "change: a key answers the same request once") {
  const std::string run = record_run("model one");
  Change change = by_alice();
  change.idempotency_key = "job 12";
  change.request = {{"command", "register"}, {"run", run}};
  const auto work = [&](Transaction& transaction) -> Result<Json> {
    RTML_TRY_ASSIGN(const auto version, transaction.register_run(run, "fraud"));
    return Json(version.number);
  };
  const auto first = registry.change(change, work);
  REQUIRE(first);
  CHECK_FALSE(first->repeated);
  const auto again = registry.change(change, work);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->value == first->value);
  CHECK(registry.read()->versions("fraud")->size() == 1);
  change.request["run"] = "fraud-2";
  CHECK(registry.change(change, work).error().code() == ErrorCode::kIdempotencyConflict);
}

TEST_CASE_FIXTURE(RegistryFixture, "change: waits for a lock, then says the registry is busy") {
  record_run("model one");
  const Registry impatient(registry.directory(), clock, {.lock_timeout_us = 20'000});
  const auto outer = registry.change(by_alice(), [&](Transaction&) -> Result<Json> {
    const auto inner =
        impatient.change(by_alice(), [](Transaction&) -> Result<Json> { return Json(1); });
    REQUIRE_FALSE(inner);
    CHECK(inner.error().code() == ErrorCode::kRegistryBusy);
    CHECK(inner.error().exit_class() == ExitClass::kRetry);
    CHECK(inner.error().message().find("locked") == std::string::npos);
    CHECK(impatient.read());  // Readers do not wait for a writer that has not committed.
    return Json(2);
  });
  CHECK(outer);
}

TEST_CASE_FIXTURE(RegistryFixture, "apply: numbers are labels of identities") {
  const auto apply = [&](const std::string& identity) {
    return registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
      RTML_TRY_ASSIGN(const auto definition,
                      transaction.apply("feature_view", "customer", identity, {{"is", identity}}));
      CHECK(definition.current);
      return Json(definition.number);
    });
  };
  CHECK(apply("aaa")->value == 1);
  CHECK(apply("bbb")->value == 2);
  CHECK(apply("bbb")->value == 2);
  CHECK(apply("aaa")->value == 1);  // The plain name goes back; no third number.
  const auto reader = registry.read();
  CHECK(reader->events()->size() == 4);  // The repetition appended none.
  CHECK(reader->definition("feature_view", "customer")->identity == "aaa");
  CHECK(reader->definition("feature_view", "customer@v2")->content["is"] == "bbb");
  const auto missing = reader->definition("feature_view", "custmer");
  CHECK(missing.error().message().find("did you mean \"customer\"") != std::string::npos);
  CHECK((*reader->definition_by_identity("feature_view", "bbb"))->number == 2);
}

TEST_CASE_FIXTURE(RegistryFixture, "retire: the plain name ends, the numbered one stays") {
  REQUIRE(registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
    RTML_TRY(transaction.apply("source", "events", "aaa", Json::object()));
    RTML_TRY(transaction.retire("source", "events"));
    return Json(nullptr);
  }));
  const auto reader = registry.read();
  CHECK_FALSE(reader->definition("source", "events"));
  CHECK(reader->definition("source", "events@v1"));
  CHECK(reader->current_definitions()->empty());
}

TEST_CASE_FIXTURE(RegistryFixture,
                  "retire_version: a number is marked, and applying it takes it back") {
  const auto apply = [&](Transaction& transaction, const std::string& identity) {
    return transaction.apply("feature_view", "v", identity, Json::object());
  };
  REQUIRE(registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
    RTML_TRY(apply(transaction, "aaa"));
    RTML_TRY(apply(transaction, "bbb"));
    RTML_TRY(transaction.retire_version("feature_view", "v", 1));
    CHECK(transaction.definition("feature_view", "v")->number == 2);
    RTML_TRY(transaction.retire_version("feature_view", "v", 2));
    CHECK_FALSE(transaction.definition("feature_view", "v"));
    CHECK(transaction.definition("feature_view", "v@v2")->retired);
    RTML_TRY(apply(transaction, "bbb"));
    CHECK_FALSE(transaction.definition("feature_view", "v")->retired);
    CHECK_FALSE(transaction.retire_version("feature_view", "v", 3));
    return Json(nullptr);
  }));
  CHECK(registry.read()->definition("feature_view", "v@v1")->retired);
}

TEST_CASE_FIXTURE(RegistryFixture, "record_dataset: one that is known stays one") {
  const auto staged = registry.stage("manifest");
  const auto record = [&] {
    return registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
      Dataset dataset;
      dataset.identity = std::string(64, 'd');
      dataset.row_count = 10;
      RTML_TRY_ASSIGN(dataset.manifest_sha256, transaction.store(*staged));
      RTML_TRY_ASSIGN(dataset, transaction.record_dataset(dataset));
      return Json(dataset.event);
    });
  };
  CHECK(record()->value == record()->value);
  const auto reader = registry.read();
  CHECK(reader->datasets()->size() == 1);
  CHECK(reader->dataset("dddddddd")->row_count == 10);
  CHECK_FALSE(reader->dataset("ddd"));
}

TEST_CASE_FIXTURE(RegistryFixture, "record_run: an artifact that was not stored is refused") {
  const auto answer = registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
    Run run;
    run.pipeline = "fraud";
    run.artifact_sha256 = std::string(64, '0');
    RTML_TRY(transaction.record_run(run));
    return Json(nullptr);
  });
  CHECK(answer.error().code() == ErrorCode::kRegistryNotFound);
}

TEST_CASE_FIXTURE(RegistryFixture, "move_alias: moves only from what was expected") {
  for (const char* bytes : {"one", "two", "three"}) register_run(record_run(bytes));
  using Kind = Expectation::Kind;
  CHECK(promote(1, {Kind::kAbsent}));
  CHECK(promote(2, {Kind::kAbsent}).error().code() == ErrorCode::kAliasMoved);
  CHECK(promote(2, {Kind::kVersion, 1}));
  const auto moved = promote(3, {Kind::kVersion, 1});
  CHECK(moved.error().code() == ErrorCode::kAliasMoved);
  CHECK(moved.error().exit_class() == ExitClass::kFailed);
  CHECK(promote(9).error().code() == ErrorCode::kRegistryNotFound);
  const auto reader = registry.read();
  CHECK(reader->resolve("fraud@champion")->number == 2);
  CHECK(reader->resolve("fraud@champoin").error().message().find("\"champion\"") !=
        std::string::npos);
  CHECK(reader->alias_moves("fraud")->size() == 2);
  CHECK(reader->alias_moves("fraud")->back().from == 1);
}

TEST_CASE_FIXTURE(RegistryFixture, "roll_back: goes further back each time, past what it undid") {
  for (const char* bytes : {"one", "two", "three", "four"}) register_run(record_run(bytes));
  for (const int number : {1, 2, 3}) REQUIRE(promote(number));
  const auto roll_back = [&](std::int64_t from, std::int64_t to) {
    return registry.change(by_alice(), [&](Transaction& transaction) -> Result<Json> {
      RTML_TRY(transaction.roll_back("fraud", "champion", from, to));
      return Json(to);
    });
  };
  CHECK(*registry.read()->rollback_target("fraud", "champion") == 2);
  CHECK(roll_back(2, 1).error().code() == ErrorCode::kAliasMoved);
  CHECK(roll_back(3, 2));
  CHECK(*registry.read()->rollback_target("fraud", "champion") == 1);
  REQUIRE(promote(4));
  CHECK(*registry.read()->rollback_target("fraud", "champion") == 2);
  CHECK(roll_back(4, 2));
  CHECK(roll_back(2, 1));
  CHECK(registry.read()->rollback_target("fraud", "champion").error().code() ==
        ErrorCode::kRegistryNotFound);
  CHECK(registry.read()->resolve("fraud@champion")->number == 1);
}

TEST_CASE_FIXTURE(RegistryFixture, "resolve: reads numbers, aliases and plain names") {
  for (const char* bytes : {"one", "two"}) register_run(record_run(bytes));
  const auto reader = registry.read();
  CHECK(reader->resolve("fraud@1")->number == 1);
  CHECK(reader->resolve("fraud@v1")->number == 1);
  CHECK(reader->resolve("fraud")->number == 2);
  for (const char* wrong : {"fraud@", "fraud@3", "fraud@0", "fraud@-1", "frau", "", "@1"}) {
    CAPTURE(wrong);
    CHECK(reader->resolve(wrong).error().code() == ErrorCode::kRegistryNotFound);
  }
}

TEST_CASE_FIXTURE(RegistryFixture, "events: filter by model, kind, time and number") {
  register_run(record_run("one"));
  clock.advance_us(1000);
  REQUIRE(promote(1));
  const auto reader = registry.read();
  CHECK(reader->events({.model = "fraud"})->size() == 2);
  CHECK(reader->events({.kind = "alias_moved"})->front().why == "promotion");
  CHECK(reader->events({.since_us = clock.now_us()})->size() == 1);
  const auto newest = reader->events({.limit = 2});
  REQUIRE(newest->size() == 2);
  CHECK((*newest)[0].number == 4);
  CHECK((*newest)[1].number == 3);
}

TEST_CASE_FIXTURE(RegistryFixture, "read_artifact: bytes that changed are refused") {
  const std::string run = record_run("model one");
  const std::string sha256 = registry.read()->run(run)->artifact_sha256;
  const auto path = registry.artifacts().path_of(sha256);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  std::ofstream(path) << "model 0ne";
  CHECK(registry.read_artifact(sha256).error().code() == ErrorCode::kArtifactCorrupt);
  CHECK(registry.verified_artifact(sha256).error().code() == ErrorCode::kArtifactCorrupt);
  std::filesystem::remove(path);
  CHECK(registry.read_artifact(sha256).error().code() == ErrorCode::kArtifactCorrupt);
  record_run("model one");  // Storing the same bytes again mends it.
  CHECK(registry.read_artifact(sha256));
}

TEST_CASE_FIXTURE(RegistryFixture, "change: clears what a killed process left") {
  record_run("model one");
  const std::string orphan = sha256_hex("orphan");
  const auto staging = registry.directory() / "artifacts" / "staging";
  std::ofstream(staging / (orphan + ".999999-0")) << "orphan";
  std::ofstream(staging / "partial.999999-1") << "orp";
  std::filesystem::create_directories(registry.artifacts().path_of(orphan).parent_path());
  std::ofstream(registry.artifacts().path_of(orphan)) << "orphan";
  const auto alive = registry.stage("alive");
  record_run("model two");
  CHECK_FALSE(std::filesystem::exists(registry.artifacts().path_of(orphan)));
  CHECK(std::filesystem::exists(alive->path()));
  std::size_t left = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(staging)) ++left;
  CHECK(left == 1);
}

TEST_CASE_FIXTURE(RegistryFixture, "registry: other files are refused by name") {
  std::filesystem::create_directories(registry.directory());
  std::ofstream(registry.database_path()) << std::string(5000, 'x');
  const auto garbage = registry.read();
  CHECK(garbage.error().code() == ErrorCode::kRegistryCorrupt);
  CHECK(garbage.error().message().find("not a registry") != std::string::npos);
  std::filesystem::remove(registry.database_path());
  std::ofstream(registry.directory() / "other.db").flush();
  std::filesystem::create_symlink("other.db", registry.database_path());
  std::ofstream(registry.directory() / "other.db") << "content";
  CHECK(registry.read().error().code() == ErrorCode::kUntrusted);
}

}  // namespace
}  // namespace rtml::registry
