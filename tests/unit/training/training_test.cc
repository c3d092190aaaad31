#include "core/training/training.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/drift/profile.h"
#include "core/gate/evaluation.h"
#include "core/gate/run_gate.h"
#include "core/plugin/host.h"
#include "core/project/project.h"
#include "tests/support/temporary_directory.h"

using namespace rtml;
using gate::judge_run;
using gate::Outcome;
using training::record;
using training::train;
using training::TrainedModel;
using training::TrainingRequest;

namespace {

std::filesystem::path directory_from(const char* variable) {
  const char* value = std::getenv(variable);
  REQUIRE(value != nullptr);
  return value;
}

// A copy of tests/data/small_project with the plugins of this build.
class Workshop {
 public:
  Workshop() {
    std::filesystem::copy(directory_from("RTML_SOURCE_DIR") / "tests/data/small_project",
                          directory_.path(), std::filesystem::copy_options::recursive);
    project_.emplace(project::Project::load(directory_.path(), Environment()).value());
  }

  TrainingRequest request() const {
    TrainingRequest request;
    request.pipeline = "offers";
    return request;
  }
  Result<TrainedModel> train(const TrainingRequest& request) {
    return training::train(request, {*project_, plugins_, clock_, progress_, cancel_});
  }
  std::string record(const TrainedModel& model, const std::string& register_as = "") {
    const registry::Change change{.who = "test"};
    const auto answer = training::record(model, register_as, plugins_, registry_, change);
    REQUIRE(answer);
    return answer->value["run"].get<std::string>();
  }
  gate::Verdict judge(const std::string& run) {
    return judge_run({run, "offers", ""}, {registry_, plugins_, cancel_}).value();
  }
  void make_champion(std::int64_t number) {
    REQUIRE(
        registry_.change({.who = "test"}, [&](registry::Transaction& transaction) -> Result<Json> {
          RTML_TRY(transaction.move_alias("offers", "champion", number));
          return Json();
        }));
  }
  const registry::Registry& registry() const { return registry_; }
  plugin::PluginHost& plugins() { return plugins_; }
  std::filesystem::path operator/(const std::string& name) const { return directory_ / name; }

 private:
  test::TemporaryDirectory directory_;
  FakeClock clock_{1'767'225'600'000'000};
  NoProgress progress_;
  CancelFlag cancel_;
  plugin::PluginHost plugins_{{directory_from("RTML_BINARY_DIR") / "lib/rtml/plugins", {}}};
  registry::Registry registry_{directory_ / ".rtml", clock_};
  std::optional<project::Project> project_;
};

}  // namespace

TEST_CASE("training: a run says what it learnt from and how good it is") {
  Workshop workshop;
  const TrainedModel model = workshop.train(workshop.request()).value();
  const registry::Run& run = model.run;
  // Labels are mature until 2025-01-10T21:00; three days before are 72 hours of them, the two
  // before are the embargo.
  CHECK(run.details["train"]["rows"] == 144);
  CHECK(run.details["test"]["rows"] == 72);
  CHECK(run.details["test"]["first_event"] == "2025-01-07T22:00:00Z");
  CHECK(run.details["test"]["last_event"] == "2025-01-10T21:00:00Z");
  CHECK(run.details["train"]["last_event"] == "2025-01-07T19:00:00Z");
  CHECK(run.details["features"] == Json({"amount", "age"}));
  CHECK(run.service.name == "offer_v1");
  CHECK(run.views.size() == 1);
  CHECK(run.metrics["roc_auc"].get<double>() > 0.7);
  CHECK(run.details["baselines"]["majority"]["roc_auc"] == 0.5);
  CHECK(model.warnings.empty());

  const drift::Profile profile = drift::profile_from_json(model.profile, "the profile").value();
  CHECK(profile.rows == 144);
  CHECK(profile.find("age") != nullptr);
  const gate::Evaluation evaluation = gate::evaluation_from_table(model.evaluation).value();
  CHECK(evaluation.labels.size() == 72);
  REQUIRE(evaluation.baselines.size() == 2);
  CHECK(evaluation.baselines[0].predictions[0] == doctest::Approx(59.0 / 144.0));
}

TEST_CASE("training: no-change says the label that was mature at each row's time") {
  Workshop workshop;
  const TrainedModel model = workshop.train(workshop.request()).value();
  const gate::Evaluation evaluation = gate::evaluation_from_table(model.evaluation).value();
  // One event an hour and a maturity of two hours: the label of two rows before.
  for (std::size_t row = 2; row < evaluation.labels.size(); ++row) {
    CHECK(evaluation.baselines[1].predictions[row] == evaluation.labels[row - 2]);
  }
}

TEST_CASE("training: the same inputs and seed give the same bytes") {
  Workshop workshop;
  const TrainedModel first = workshop.train(workshop.request()).value();
  const TrainedModel again = workshop.train(workshop.request()).value();
  CHECK(first.model_bytes == again.model_bytes);
  CHECK(to_canonical_json(first.profile) == to_canonical_json(again.profile));
  TrainingRequest other = workshop.request();
  other.seed = 5;
  CHECK(workshop.train(other)->model_bytes != first.model_bytes);
}

TEST_CASE("training: prepared files with the pipeline's rows give the pipeline's model") {
  Workshop workshop;
  const TrainedModel built = workshop.train(workshop.request()).value();
  const auto store = workshop.plugins().table_store("file").value();
  const table::Batch all = [&] {
    const auto reader = store->scan({.path = (workshop / "data/offers.csv").string()}, {}).value();
    const auto batches = table::read_all(*reader).value();
    return table::concatenate(reader->schema(), batches);
  }();
  const auto write = [&](const char* name, std::int64_t start, std::int64_t rows) {
    const auto reader = table::read_batches(all.shared_schema(), {all.slice(start, rows)});
    REQUIRE(store->write({.path = (workshop / name).string()}, *reader, {}));
  };
  write("train.parquet", 20, 144);
  write("test.jsonl", 166, 72);
  TrainingRequest request = workshop.request();
  request.train_file = workshop / "train.parquet";
  request.test_file = workshop / "test.jsonl";
  const TrainedModel prepared = workshop.train(request).value();
  CHECK(prepared.model_bytes == built.model_bytes);
  CHECK(prepared.run.metrics == built.run.metrics);
  CHECK(prepared.manifest.is_null());
}

TEST_CASE("training: a recorded run binds its artifacts and its training set") {
  Workshop workshop;
  const TrainedModel model = workshop.train(workshop.request()).value();
  const std::string id = workshop.record(model, "offers");
  const registry::Registry& registry = workshop.registry();
  const registry::Run run = registry.read()->run(id).value();
  CHECK(registry.read_artifact(run.artifact_sha256).value() == model.model_bytes);
  CHECK(registry.read_artifact(run.profile_sha256).value() == to_canonical_json(model.profile));
  CHECK(registry.read()->dataset(run.dataset_identity)->row_count == 238);
  CHECK(registry.read()->version("offers", 1)->run_id == id);
  CHECK(std::filesystem::is_empty(workshop / ".rtml/tmp"));
}

TEST_CASE("run gate: without a champion the baselines decide") {
  Workshop workshop;
  const std::string id = workshop.record(workshop.train(workshop.request()).value());
  const gate::Verdict verdict = workshop.judge(id);
  CHECK(verdict.outcome == Outcome::kPass);
  CHECK(verdict.comparisons.size() == 2);
  CHECK(verdict.metric == "roc_auc");
}

TEST_CASE("run gate: the champion is scored on the candidate's test rows") {
  Workshop workshop;
  const TrainedModel model = workshop.train(workshop.request()).value();
  const std::string first = workshop.record(model, "offers");
  workshop.make_champion(1);
  // The same model once more: no difference, which is enough against a champion.
  const gate::Verdict equal = workshop.judge(first);
  CHECK(equal.outcome == Outcome::kPass);
  CHECK(equal.comparisons[0].name == "champion offers@1");
  CHECK(equal.comparisons[0].difference.value() == 0.0);

  TrainingRequest weak = workshop.request();
  weak.features = {"age"};
  const gate::Verdict worse = workshop.judge(workshop.record(workshop.train(weak).value()));
  CHECK(worse.outcome == Outcome::kFail);
  CHECK(worse.comparisons[0].value.value() == model.run.metrics["roc_auc"].get<double>());
}

TEST_CASE("run gate: a champion whose artifact is damaged cannot be told") {
  Workshop workshop;
  const std::string id = workshop.record(workshop.train(workshop.request()).value(), "offers");
  workshop.make_champion(1);
  TrainingRequest other = workshop.request();
  other.seed = 9;
  const std::string candidate = workshop.record(workshop.train(other).value());
  const std::string sha256 = workshop.registry().read()->run(id)->artifact_sha256;
  std::filesystem::remove(workshop / (".rtml/artifacts/" + sha256.substr(0, 2) + "/" + sha256));
  const gate::Verdict verdict = workshop.judge(candidate);
  CHECK(verdict.outcome == Outcome::kCannotTell);
  CHECK_FALSE(verdict.comparisons[0].reason.empty());
  CHECK(verdict.comparisons[1].outcome == Outcome::kPass);
}

TEST_CASE("run gate: a version without a run, and an unknown run") {
  Workshop workshop;
  workshop.record(workshop.train(workshop.request()).value());
  CHECK(workshop.judge("").outcome == Outcome::kCannotTell);
  CancelFlag cancel;
  CHECK(judge_run({"offers-7", "offers", ""}, {workshop.registry(), workshop.plugins(), cancel})
            .error()
            .code() == ErrorCode::kRegistryNotFound);
}
