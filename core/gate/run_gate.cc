#include "core/gate/run_gate.h"

#include <algorithm>
#include <optional>

#include "core/gate/evaluation.h"
#include "core/plugin/host.h"
#include "core/registry/registry.h"

namespace rtml::gate {
namespace {

// The gate as the run's details keep it.
struct RunGate {
  Rule rule;
  std::string alias = "champion";
  std::vector<std::string> baselines;
  std::string evaluation_sha256;
};

tl::unexpected<Error> malformed(const registry::Run& run) {
  return fail(ErrorCode::kRegistryCorrupt, "the details of a run cannot be read: " + run.id);
}

// Nothing if the run has no gate or kept no test rows; `why` then says which.
Result<std::optional<RunGate>> gate_of(const registry::Run& run, std::string* why) {
  const Json& details = run.details;
  if (!details.is_object() || !details.contains("gate") || details["gate"].is_null()) {
    *why = "the pipeline of run " + run.id + " has no gate";
    return std::nullopt;
  }
  if (!details.contains("evaluation_sha256")) {
    *why = "run " + run.id + " kept no test rows";
    return std::nullopt;
  }
  const Json& gate = details["gate"];
  const bool readable = gate.is_object() && gate.contains("metric") && gate["metric"].is_string() &&
                        gate.contains("min_delta") && gate["min_delta"].is_number() &&
                        gate.contains("alias") && gate["alias"].is_string() &&
                        gate.contains("baselines") && gate["baselines"].is_array() &&
                        details.contains("threshold") && details["threshold"].is_number() &&
                        details["evaluation_sha256"].is_string();
  if (!readable) return malformed(run);
  RunGate result;
  result.rule.metric = gate["metric"].get<std::string>();
  result.rule.min_delta = gate["min_delta"].get<double>();
  result.rule.threshold = details["threshold"].get<double>();
  result.rule.seed = static_cast<std::uint64_t>(run.seed);
  result.alias = gate["alias"].get<std::string>();
  for (const Json& name : gate["baselines"]) {
    if (!name.is_string()) return malformed(run);
    result.baselines.push_back(name.get<std::string>());
  }
  result.evaluation_sha256 = details["evaluation_sha256"].get<std::string>();
  return result;
}

// What the registry says, read in one view that is dropped before anything else is done.
struct Found {
  registry::Run run;
  std::string why_not;
  std::optional<RunGate> gate;
  std::optional<registry::ModelVersion> champion;
  std::optional<registry::Run> champion_run;
};

Result<Found> look_up(const RunGateRequest& request, const registry::Registry& registry) {
  Found found;
  RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
  RTML_TRY_ASSIGN(found.run, reader.run(request.run_id));
  RTML_TRY_ASSIGN(found.gate, gate_of(found.run, &found.why_not));
  if (!found.gate) return found;
  if (!request.alias.empty()) found.gate->alias = request.alias;
  RTML_TRY_ASSIGN(const std::optional<registry::Alias> alias,
                  reader.alias(request.model, found.gate->alias));
  if (!alias) return found;
  RTML_TRY_ASSIGN(found.champion, reader.version(request.model, alias->number));
  if (!found.champion->run_id.empty()) {
    RTML_TRY_ASSIGN(found.champion_run, reader.run(found.champion->run_id));
  }
  return found;
}

Result<Evaluation> read_evaluation(const std::string& sha256, const RunGateContext& context) {
  RTML_TRY_ASSIGN(const std::filesystem::path path, context.registry.verified_artifact(sha256));
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::TableStore> store,
                  context.plugins.table_store("file"));
  plugin::ScanRequest request;
  request.path = path.string();
  request.format = "parquet";
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const std::unique_ptr<table::BatchReader> reader, store->scan(request, call));
  RTML_TRY_ASSIGN(const std::vector<table::Batch> batches, table::read_all(*reader));
  return evaluation_from_table(table::concatenate(reader->schema(), batches));
}

Result<std::vector<double>> score_champion(const Found& found, const Evaluation& evaluation,
                                           const RunGateContext& context) {
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const std::string bytes,
                  context.registry.read_artifact(found.champion->artifact_sha256));
  std::vector<std::string> features;
  if (found.champion_run && found.champion_run->details.contains("features")) {
    for (const Json& name : found.champion_run->details["features"]) {
      features.push_back(name.get<std::string>());
    }
  }
  if (features.empty()) {
    return fail(ErrorCode::kCannotTell, "nothing says which features the champion reads");
  }
  RTML_TRY_ASSIGN(const table::Batch rows,
                  select_columns(evaluation.columns, features, "the candidate's test rows"));
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::ModelBackend> backend,
                  context.plugins.model_backend(found.champion->model_type));
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::Model> model, backend->load(bytes, call));
  RTML_TRY_ASSIGN(const table::Column predictions, model->predict(rows, call));
  return numbers_of(predictions);
}

// An interrupted or impatient caller hears so; whatever else keeps the champion from being scored
// is a reason that the gate cannot tell.
bool is_about_the_call(const Error& error) {
  return error.exit_class() == ExitClass::kInterrupted || error.exit_class() == ExitClass::kRetry;
}

}  // namespace

Result<Verdict> judge_run(const RunGateRequest& request, const RunGateContext& context) {
  if (request.run_id.empty()) {
    Verdict verdict;
    verdict.reason = "the model has no run and so no test rows";
    return verdict;
  }
  RTML_TRY_ASSIGN(const Found found, look_up(request, context.registry));
  if (!found.gate) {
    Verdict verdict;
    verdict.reason = found.why_not;
    return verdict;
  }
  const Result<Evaluation> evaluation = read_evaluation(found.gate->evaluation_sha256, context);
  if (!evaluation) {
    if (is_about_the_call(evaluation.error())) return fail(evaluation.error());
    Verdict verdict;
    verdict.metric = found.gate->rule.metric;
    verdict.min_delta = found.gate->rule.min_delta;
    verdict.reason = "the test rows cannot be read: " + evaluation.error().message();
    return verdict;
  }
  std::vector<Contender> contenders;
  if (found.champion) {
    Contender contender{.role = Role::kChampion,
                        .name = found.gate->alias + " " + found.champion->label()};
    Result<std::vector<double>> predictions = score_champion(found, *evaluation, context);
    if (predictions) {
      contender.predictions = std::move(*predictions);
    } else if (is_about_the_call(predictions.error())) {
      return fail(predictions.error());
    } else {
      contender.missing = predictions.error().message();
    }
    contenders.push_back(std::move(contender));
  }
  for (const std::string& name : found.gate->baselines) {
    Contender contender{.role = Role::kBaseline, .name = name};
    const auto baseline =
        std::find_if(evaluation->baselines.begin(), evaluation->baselines.end(),
                     [&](const Baseline& candidate) { return candidate.name == name; });
    if (baseline == evaluation->baselines.end()) {
      contender.missing = "training could not work it out";
    } else {
      contender.predictions = baseline->predictions;
    }
    contenders.push_back(std::move(contender));
  }
  return judge(found.gate->rule, evaluation->labels, evaluation->predictions, contenders);
}

}  // namespace rtml::gate
