#include "core/pipeline/steps.h"

#include <memory>
#include <set>

#include "core/dataset/manifest.h"
#include "core/dataset/training_set.h"
#include "core/gate/run_gate.h"
#include "core/plan/plan.h"
#include "core/project/identity.h"
#include "core/training/training.h"

namespace rtml::pipeline {
namespace {

// Shared by the steps of one run: the training set goes from its step to the next in memory.
struct Shared {
  const project::Pipeline& pipeline;
  StepContext context;
  std::shared_ptr<const dataset::TrainingSet> training_set;

  dataset::BuildContext build_context() const {
    return {.project = context.project,
            .plugins = context.plugins,
            .progress = context.progress,
            .cancel = context.cancel,
            .threads = context.threads,
            .memory_limit_bytes = context.memory_limit_bytes,
            .lineage = &context.change.lineage,
            .rtml_version = context.change.rtml_version};
  }
  registry::Change change(const std::string& step, const std::string& key,
                          Json evidence = {}) const {
    registry::Change change = context.change;
    change.idempotency_key = pipeline.name + "/" + step + "/" + key.substr(0, 16);
    change.request = {{"pipeline", pipeline.name}, {"step", step}};
    change.evidence = std::move(evidence);
    return change;
  }
};
using SharedPointer = std::shared_ptr<Shared>;

// The result of an earlier step. Steps run in order, so it is there.
const Json& result_of(const Results& earlier, const char* step, const char* member) {
  return earlier.at(step).at(member);
}

// True for a read that found what it looked for; a registry that cannot be read is an error.
template <typename T>
Result<bool> is_found(const Result<T>& result) {
  if (result) return true;
  if (result.error().code() == ErrorCode::kRegistryNotFound ||
      result.error().code() == ErrorCode::kRegistryMissing) {
    return false;
  }
  return fail(result.error());
}

Step apply_step(const SharedPointer& shared) {
  Step step{.name = "apply", .summary = "Register the project's definitions"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    const project::Project& project = shared->context.project;
    Json identities = Json::object();
    for (const auto& view : project.views()) {
      identities["view"][view.name] = project::identity(project, view);
    }
    for (const auto& service : project.services()) {
      identities["service"][service.name] = project::identity(project, service);
    }
    return identities;
  };
  step.run = [shared](const Results&, const std::string& key) -> Result<Json> {
    const project::Project& project = shared->context.project;
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    project.find_service(shared->pipeline.dataset.service));
    const Json result = {{"service", service->name},
                         {"identity", project::identity(project, *service)}};
    const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
      RTML_TRY_ASSIGN(const plan::Registered registered, plan::read_registered(transaction));
      RTML_TRY(plan::apply(plan::make_plan(project, registered), shared->context.allow_breaking,
                           transaction));
      return result;
    };
    RTML_TRY(shared->context.registry.change(shared->change("apply", key), work));
    return result;
  };
  step.is_there = [shared](const Json& result) -> Result<bool> {
    const auto reader = shared->context.registry.read();
    if (!reader) return is_found(reader);
    const auto current =
        reader->definition("feature_service", result.at("service").get<std::string>());
    if (!current) return is_found(current);
    return current->identity == result.at("identity").get<std::string>();
  };
  return step;
}

Step dataset_step(const SharedPointer& shared) {
  Step step{.name = "dataset", .summary = "Build the training set"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    const project::Project& project = shared->context.project;
    const dataset::BuildContext context = shared->build_context();
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    project.find_service(shared->pipeline.dataset.service));
    RTML_TRY_ASSIGN(const project::Source* labels,
                    project.find_source(shared->pipeline.dataset.labels.source));
    std::set<const project::Source*> sources = {labels};
    const project::FeatureSelection selection = project.selection_of(*service);
    const auto add = [&](const project::FeatureView& view) {
      for (const project::Source* source : project.sources_of(view)) sources.insert(source);
    };
    for (const auto& column : selection.features) add(*column.view);
    for (const auto& column : selection.on_demand) {
      for (const auto& input : project.inputs_of(*column.view)) add(*input.view);
    }
    std::map<std::string, Json> files;
    for (const project::Source* source : sources) {
      RTML_TRY_ASSIGN(files[source->label()], dataset::describe_source(*source, context));
    }
    return Json{{"pipeline", project::canonical(shared->pipeline).at("dataset")},
                {"allow_leak", shared->context.allow_leak},
                {"sources", files}};
  };
  step.run = [shared](const Results&, const std::string& key) -> Result<Json> {
    dataset::BuildOptions options;
    options.allow_leak = shared->context.allow_leak;
    RTML_TRY_ASSIGN(
        dataset::TrainingSet built,
        dataset::build_training_set(shared->pipeline, options, shared->build_context()));
    RTML_TRY(dataset::record(built, shared->context.registry, shared->change("dataset", key)));
    shared->training_set = std::make_shared<const dataset::TrainingSet>(std::move(built));
    return Json{{"dataset", shared->training_set->manifest.at("content_sha256")},
                {"rows", shared->training_set->rows.rows()}};
  };
  step.is_there = [shared](const Json& result) -> Result<bool> {
    const auto reader = shared->context.registry.read();
    if (!reader) return is_found(reader);
    return is_found(reader->dataset(result.at("dataset").get<std::string>()));
  };
  return step;
}

Step train_step(const SharedPointer& shared) {
  Step step{.name = "train", .summary = "Train the model and measure it"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    return Json(project::identity(shared->context.project, shared->pipeline));
  };
  step.run = [shared](const Results&, const std::string& key) -> Result<Json> {
    const StepContext& context = shared->context;
    training::TrainingRequest request{.pipeline = shared->pipeline.name};
    request.allow_leak = context.allow_leak;
    request.training_set = shared->training_set.get();
    RTML_TRY_ASSIGN(
        const training::TrainedModel model,
        training::train(request, {context.project, context.plugins, context.clock, context.progress,
                                  context.cancel, context.threads, context.memory_limit_bytes}));
    RTML_TRY_ASSIGN(const registry::Answer answer,
                    training::record(model, "", context.plugins, context.registry,
                                     shared->change("train", key)));
    return Json{{"run", answer.value.at("run")}, {"metrics", model.run.metrics}};
  };
  step.is_there = [shared](const Json& result) -> Result<bool> {
    std::string artifact;
    {
      const auto reader = shared->context.registry.read();
      if (!reader) return is_found(reader);
      const auto run = reader->run(result.at("run").get<std::string>());
      if (!run) return is_found(run);
      artifact = run->artifact_sha256;
    }
    return shared->context.registry.verified_artifact(artifact).has_value();
  };
  return step;
}

// What the alias points to, or null.
Result<Json> version_of_alias(const Shared& shared) {
  RTML_TRY_ASSIGN(const registry::Reader reader, shared.context.registry.read());
  RTML_TRY_ASSIGN(const auto alias,
                  reader.alias(shared.pipeline.model.name, shared.pipeline.gate->alias));
  return alias ? Json(alias->number) : Json();
}

// Asks the gate about a run. A run that is not let through is noted in the registry as `decision`.
Result<Json> ask_gate(const Shared& shared, const std::string& run, const char* decision,
                      const std::string& key) {
  const StepContext& context = shared.context;
  RTML_TRY_ASSIGN(const Json champion, version_of_alias(shared));
  RTML_TRY_ASSIGN(const gate::Verdict verdict,
                  gate::judge_run({run, shared.pipeline.model.name, shared.pipeline.gate->alias},
                                  {context.registry, context.plugins, context.cancel}));
  if (const Status status = verdict.status(); !status) {
    const registry::Change change =
        shared.change(decision, key + "/" + to_json_text(champion), verdict.evidence());
    const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
      RTML_TRY(transaction.record_refusal(decision, shared.pipeline.model.name, {{"run", run}}));
      return Json::object();
    };
    RTML_TRY(context.registry.change(change, work));
    return fail(status.error());
  }
  return Json{{"outcome", gate::to_string(verdict.outcome)},
              {"champion", champion},
              {"evidence", verdict.evidence()}};
}

Step gate_step(const SharedPointer& shared) {
  Step step{.name = "gate", .summary = "Compare with the champion and the baselines"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    return Json{{"model", shared->pipeline.model.name}, {"alias", shared->pipeline.gate->alias}};
  };
  step.run = [shared](const Results& earlier, const std::string& key) -> Result<Json> {
    return ask_gate(*shared, result_of(earlier, "train", "run").get<std::string>(),
                    "registration_refused", key);
  };
  return step;
}

Step register_step(const SharedPointer& shared) {
  Step step{.name = "register", .summary = "Give the model a new version"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    return Json(shared->pipeline.model.name);
  };
  step.run = [shared](const Results& earlier, const std::string& key) -> Result<Json> {
    const auto run = result_of(earlier, "train", "run").get<std::string>();
    RTML_TRY_ASSIGN(const registry::Answer answer,
                    shared->context.registry.change(
                        shared->change("register", key, result_of(earlier, "gate", "evidence")),
                        [&](registry::Transaction& transaction) -> Result<Json> {
                          RTML_TRY_ASSIGN(
                              const registry::ModelVersion version,
                              transaction.register_run(run, shared->pipeline.model.name));
                          return Json{{"model", version.model},
                                      {"version", version.number},
                                      {"reference", version.label()}};
                        }));
    return answer.value;
  };
  step.is_there = [shared](const Json& result) -> Result<bool> {
    const auto reader = shared->context.registry.read();
    if (!reader) return is_found(reader);
    return is_found(reader->version(result.at("model").get<std::string>(),
                                    result.at("version").get<std::int64_t>()));
  };
  return step;
}

Step promote_step(const SharedPointer& shared) {
  Step step{.name = "promote", .summary = "Let the alias point to the new version"};
  step.inputs = [shared](const Results&) -> Result<Json> {
    return Json(shared->pipeline.gate->alias);
  };
  step.run = [shared](const Results& earlier, const std::string& key) -> Result<Json> {
    const std::string& alias = shared->pipeline.gate->alias;
    Json judged = earlier.at("gate");
    RTML_TRY_ASSIGN(const Json champion, version_of_alias(*shared));
    if (champion != judged.at("champion")) {
      RTML_TRY_ASSIGN(judged,
                      ask_gate(*shared, result_of(earlier, "train", "run").get<std::string>(),
                               "promotion_refused", key));
    }
    registry::Expectation expectation{.kind = registry::Expectation::Kind::kAbsent};
    if (!judged.at("champion").is_null()) {
      expectation = {registry::Expectation::Kind::kVersion,
                     judged.at("champion").get<std::int64_t>()};
    }
    const auto number = result_of(earlier, "register", "version").get<std::int64_t>();
    const auto work = [&](registry::Transaction& transaction) -> Result<Json> {
      RTML_TRY(transaction.move_alias(shared->pipeline.model.name, alias, number, expectation));
      return Json::object();
    };
    RTML_TRY(shared->context.registry.change(shared->change("promote", key, judged.at("evidence")),
                                             work));
    return Json{{"alias", alias}, {"reference", result_of(earlier, "register", "reference")}};
  };
  return step;
}

}  // namespace

std::vector<Step> make_steps(const project::Pipeline& pipeline, const StepContext& context) {
  const auto shared = std::make_shared<Shared>(Shared{pipeline, context, nullptr});
  std::vector<Step> steps = {apply_step(shared), dataset_step(shared), train_step(shared)};
  if (pipeline.gate) {
    steps.push_back(gate_step(shared));
    steps.push_back(register_step(shared));
    steps.push_back(promote_step(shared));
  }
  return steps;
}

}  // namespace rtml::pipeline
