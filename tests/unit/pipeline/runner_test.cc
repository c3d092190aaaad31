#include "core/pipeline/runner.h"

#include <doctest/doctest.h>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "tests/support/temporary_directory.h"

namespace rtml::pipeline {
namespace {

// Three steps that count their runs: "data" reads `input`, the others only what came before.
struct Fixture {
  test::TemporaryDirectory directory;
  FakeClock clock{1'700'000'000'000'000};
  CancelFlag cancel;
  int input = 1;
  bool model_is_there = true;
  bool gate_fails = false;
  std::vector<std::string> ran;

  std::vector<Step> steps() {
    const auto nothing = [](const Results&) -> Result<Json> { return Json::object(); };
    return {
        {"data", "make the data", [this](const Results&) -> Result<Json> { return Json(input); },
         [this](const Results&, const std::string&) -> Result<Json> {
           ran.emplace_back("data");
           return Json(input % 10);
         },
         nullptr},
        {"model", "make the model", nothing,
         [this](const Results& earlier, const std::string&) -> Result<Json> {
           ran.emplace_back("model");
           return Json(earlier.at("data").get<int>() * 100);
         },
         [this](const Json&) -> Result<bool> { return model_is_there; }},
        {"gate", "judge the model", nothing,
         [this](const Results&, const std::string&) -> Result<Json> {
           ran.emplace_back("gate");
           if (gate_fails) return fail(ErrorCode::kGateFailed, "worse than the champion");
           return Json("pass");
         },
         nullptr},
    };
  }
  RunOptions options() const {
    return {.directory = directory.path(), .pipeline = "fraud", .rtml_version = "1.0.0"};
  }
  RunReport run(const RunOptions& how) {
    ran.clear();
    Result<RunReport> report = run_steps(steps(), how, clock, cancel);
    REQUIRE(report.has_value());
    clock.advance_us(kSecond);
    return std::move(*report);
  }
  RunReport run() { return run(options()); }
  static constexpr std::int64_t kSecond = 1'000'000;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "run_steps: a second run does nothing") {
  const RunReport first = run();
  CHECK(ran == Names{"data", "model", "gate"});
  CHECK_FALSE(first.nothing_to_do());
  CHECK(first.steps[1].result == Json(100));
  const RunReport second = run();
  CHECK(ran.empty());
  CHECK(second.nothing_to_do());
  CHECK(second.steps[2].result == Json("pass"));
}

TEST_CASE_FIXTURE(Fixture,
                  "run_steps: a changed input runs its step and those that see the change") {
  run();
  input = 2;
  run();
  CHECK(ran == Names{"data", "model", "gate"});
  // 12 gives the same data as 2, so nothing after it changes.
  input = 12;
  run();
  CHECK(ran == Names{"data"});
}

TEST_CASE_FIXTURE(Fixture, "run_steps: another version of rtml remembers nothing") {
  run();
  RunOptions newer = options();
  newer.rtml_version = "1.0.1";
  run(newer);
  CHECK(ran.size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "run_steps: a result that is gone is made again") {
  run();
  model_is_there = false;
  run();
  CHECK(ran == Names{"model"});
}

TEST_CASE_FIXTURE(Fixture,
                  "run_steps: a failure stops, is not remembered, and the next run resumes") {
  gate_fails = true;
  const RunReport failed = run();
  REQUIRE(failed.error() != nullptr);
  CHECK(failed.error()->exit_class() == ExitClass::kFinding);
  CHECK(failed.steps[2].state == StepState::kFailed);
  const auto log = read_file(failed.steps[2].log);
  REQUIRE(log.has_value());
  CHECK(log->find("worse than the champion") != std::string::npos);
  gate_fails = false;
  run();
  CHECK(ran == Names{"gate"});
}

TEST_CASE_FIXTURE(Fixture, "run_steps: steps after a failure are not reached") {
  auto broken = steps();
  broken[0].run = [](const Results&, const std::string&) -> Result<Json> {
    return fail(ErrorCode::kIo, "no disk");
  };
  const auto report = run_steps(broken, options(), clock, cancel);
  REQUIRE(report.has_value());
  CHECK(report->steps[1].state == StepState::kNotReached);
  CHECK(report->steps[2].state == StepState::kNotReached);
}

TEST_CASE_FIXTURE(Fixture, "run_steps: a dry run changes nothing and says what would run") {
  RunOptions dry = options();
  dry.dry_run = true;
  CHECK(run(dry).steps[2].state == StepState::kWouldRun);
  CHECK(ran.empty());
  CHECK(std::filesystem::is_empty(directory.path()));
  run();
  CHECK(run(dry).nothing_to_do());
}

TEST_CASE_FIXTURE(Fixture, "run_steps: runs from a step on") {
  run();
  RunOptions again = options();
  again.from_step = "model";
  run(again);
  CHECK(ran == Names{"model", "gate"});
  again.from_step = "modle";
  const auto wrong = run_steps(steps(), again, clock, cancel);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().message() == "the pipeline has no step: modle (did you mean \"model\"?)");
}

TEST_CASE_FIXTURE(Fixture, "run_steps: a memory that is damaged counts as none") {
  run();
  REQUIRE(
      write_file(directory.path() / "cache/pipeline/fraud/model.json", "{\"key\": 3").has_value());
  run();
  CHECK(ran == Names{"model"});
}

TEST_CASE_FIXTURE(Fixture, "run_steps: two runs of one pipeline take turns") {
  const auto lock = FileLock::try_acquire(directory.path() / "locks/pipeline-fraud.lock");
  REQUIRE(lock.has_value());
  REQUIRE(lock->has_value());
  const auto report = run_steps(steps(), options(), clock, cancel);
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code() == ErrorCode::kBusy);
}

}  // namespace rtml::pipeline
