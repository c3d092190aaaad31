// A registry in a directory of the test's own, with the changes that tests make most.

#pragma once

#include <doctest/doctest.h>

#include <string>

#include "core/base/clock.h"
#include "core/registry/registry.h"
#include "tests/support/temporary_directory.h"

namespace rtml::test {

struct RegistryFixture {
  TemporaryDirectory temporary;
  FakeClock clock{1'700'000'000'000'000};
  registry::Registry registry{temporary / ".rtml", clock};

  static registry::Change by_alice(std::string why = "") {
    registry::Change change;
    change.who = "alice";
    change.why = std::move(why);
    change.rtml_version = "0.1.0";
    return change;
  }

  // Records a run of pipeline "fraud" with an artifact of these bytes and returns its id.
  std::string record_run(const std::string& bytes, double auc = 0.9) {
    auto staged = registry.stage(bytes);
    REQUIRE(staged);
    const auto answer =
        registry.change(by_alice(), [&](registry::Transaction& transaction) -> Result<Json> {
          registry::Run run;
          run.pipeline = "fraud";
          run.model_type = "linear";
          RTML_TRY_ASSIGN(run.artifact_sha256, transaction.store(*staged));
          run.parameters = {{"loss", "logistic"}};
          run.metrics = {{"roc_auc", auc}};
          run.seed = 7;
          run.lineage.commit = std::string(40, 'a');
          run.rtml_version = "0.1.0";
          RTML_TRY_ASSIGN(const registry::Run recorded, transaction.record_run(std::move(run)));
          return Json(recorded.id);
        });
    REQUIRE_MESSAGE(answer, answer.error().message());
    return answer->value.get<std::string>();
  }

  std::int64_t register_run(const std::string& run, const std::string& model = "fraud") {
    const auto answer =
        registry.change(by_alice(), [&](registry::Transaction& transaction) -> Result<Json> {
          RTML_TRY_ASSIGN(const auto version, transaction.register_run(run, model));
          return Json(version.number);
        });
    REQUIRE_MESSAGE(answer, answer.error().message());
    return answer->value.get<std::int64_t>();
  }

  Result<registry::Answer> promote(std::int64_t number,
                                   const registry::Expectation& expectation = {}) {
    return registry.change(
        by_alice("promotion"), [&](registry::Transaction& transaction) -> Result<Json> {
          RTML_TRY(transaction.move_alias("fraud", "champion", number, expectation));
          return Json(number);
        });
  }
};

}  // namespace rtml::test
