#include "core/training/training.h"

#include <algorithm>
#include <cmath>

#include "core/base/time.h"
#include "core/dataset/training_set.h"
#include "core/drift/profile.h"
#include "core/gate/evaluation.h"
#include "core/metric/metric.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"
#include "core/project/project.h"
#include "core/training/baselines.h"
#include "core/training/training_rows.h"

namespace rtml::training {
namespace {

using metric::Metric;
using metric::Task;

// The metrics of a run and the task that they share.
struct Metrics {
  Task task = Task::kClassification;
  std::vector<const Metric*> list;
};

Result<Metrics> metrics_of(const project::Pipeline& pipeline) {
  std::vector<std::string> names = pipeline.metrics;
  if (pipeline.gate &&
      std::find(names.begin(), names.end(), pipeline.gate->metric) == names.end()) {
    names.push_back(pipeline.gate->metric);
  }
  if (names.empty()) names = {"roc_auc", "average_precision", "log_loss"};
  Metrics metrics;
  for (const std::string& name : names) {
    auto found = metric::find_metric(name);
    if (!found) return fail(std::move(found.error()).at(pipeline.location));
    if (!metrics.list.empty() && (*found)->task != metrics.task) {
      return fail(
          Error(ErrorCode::kBadValue,
                "a pipeline's metrics must be all of classification or all of regression: " + name)
              .at(pipeline.location));
    }
    metrics.task = (*found)->task;
    metrics.list.push_back(*found);
  }
  return metrics;
}

// A table column of doubles.
table::Column label_column(const std::vector<double>& labels) {
  return table::double_column(labels);
}

// Fails before any row is read if the backend does not take the parameters. The place is the
// pipeline's file unless the request set some.
Status check_parameters(const project::Pipeline& pipeline, const TrainingRequest& request,
                        plugin::ModelSettings settings, const TrainingContext& context) {
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::ModelBackend> backend,
                  context.plugins.model_backend(pipeline.model.type));
  if (settings.feature_names.empty()) settings.feature_names = {"feature"};
  const auto model = backend->create(settings);
  if (model) return {};
  if (!request.parameters.empty()) return fail(model.error());
  return fail(Error(model.error()).at(pipeline.model.location));
}

// Puts each metric of `predictions` into `values`, or why it is undefined into `undefined`.
Status measure(const Metrics& metrics, double threshold, const std::vector<double>& labels,
               const std::vector<double>& predictions, Json* values, Json* undefined) {
  RTML_TRY_ASSIGN(const metric::ScoredRows rows,
                  metric::ScoredRows::create(metrics.task, labels, predictions, threshold));
  for (const Metric* metric : metrics.list) {
    const Result<double> value = rows.value(*metric);
    if (value) {
      (*values)[std::string(metric->name)] = *value;
    } else {
      (*undefined)[std::string(metric->name)] = value.error().message();
    }
  }
  return {};
}

Json describe_part(const Part& part, Task task) {
  Json description{{"rows", part.rows.rows()}};
  if (task == Task::kClassification) {
    description["positives"] = std::count(part.labels.begin(), part.labels.end(), 1.0);
  }
  if (!part.times_us.empty()) {
    const auto [first, last] = std::minmax_element(part.times_us.begin(), part.times_us.end());
    description["first_event"] = format_timestamp(*first);
    description["last_event"] = format_timestamp(*last);
  }
  return description;
}

Json gate_json(const project::Pipeline& pipeline) {
  if (!pipeline.gate) return nullptr;
  return Json{{"metric", pipeline.gate->metric},
              {"min_delta", pipeline.gate->min_delta},
              {"alias", pipeline.gate->alias},
              {"baselines", pipeline.gate->baselines}};
}

// What a model may read of the test rows: numbers and BOOL.
Result<table::Batch> model_columns(const Part& test) {
  std::vector<std::string> names;
  for (const table::Field& field : test.rows.schema().fields()) {
    const bool is_bool = field.type == table::DataType{table::Kind::kBool, false};
    if (is_bool || table::is_numeric(field.type)) names.push_back(field.name);
  }
  return gate::select_columns(test.rows, names, test.what);
}

Result<Json> profile_of(const table::Batch& features, const std::string& what) {
  const auto reader = table::read_batches(features.shared_schema(), {features});
  RTML_TRY_ASSIGN(const drift::Profile profile, drift::build_profile(*reader, {}, what));
  return drift::to_json(profile);
}

// Says which row has no prediction; a backend gives NaN where a feature is not finite.
Status check_predictions(const std::vector<double>& predictions, const std::string& what) {
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    if (std::isfinite(predictions[row])) continue;
    return fail(Error(ErrorCode::kTrainingData, "the model has no prediction for row " +
                                                    std::to_string(row + 1) + " of " + what)
                    .with_help("a feature is NaN or infinite there; make it null"));
  }
  return {};
}

void bind_definitions(const project::Project& project, const project::Pipeline& pipeline,
                      registry::Run* run) {
  run->pipeline_identity = project::identity(project, pipeline);
  const auto service = project.find_service(pipeline.dataset.service);
  if (!service) return;
  run->service = {(*service)->name, project::identity(project, **service)};
  const auto bind = [&](const auto& view) {
    const registry::Binding binding{view.name, project::identity(project, view)};
    if (std::find(run->views.begin(), run->views.end(), binding) == run->views.end()) {
      run->views.push_back(binding);
    }
  };
  const project::FeatureSelection selection = project.selection_of(**service);
  for (const project::ServiceColumn& column : selection.features) bind(*column.view);
  for (const project::OnDemandColumn& column : selection.on_demand) {
    bind(*column.view);
    for (const project::ServiceColumn& input : project.inputs_of(*column.view)) bind(*input.view);
  }
}

// Learns, predicts the test rows and fills in what the backend gave.
Result<std::vector<double>> learn(const TrainingRows& rows, const plugin::ModelSettings& settings,
                                  const std::string& model_type, const TrainingContext& context,
                                  TrainedModel* trained) {
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::ModelBackend> backend,
                  context.plugins.model_backend(model_type));
  RTML_TRY_ASSIGN(const table::Batch train,
                  gate::select_columns(rows.train.rows, settings.feature_names, rows.train.what));
  RTML_TRY_ASSIGN(const table::Batch test,
                  gate::select_columns(rows.test.rows, settings.feature_names, rows.test.what));
  context.progress.begin("train " + model_type, train.rows(), "rows");
  auto model = backend->fit(settings, {train, label_column(rows.train.labels), {}}, call);
  context.progress.end();
  if (!model && model.error().exit_class() != ExitClass::kFailed) return fail(model.error());
  if (!model) {
    return fail(std::move(model.error()).with_context("cannot train on " + rows.train.what));
  }
  RTML_TRY_ASSIGN(trained->model_bytes, (*model)->save(call));
  RTML_TRY_ASSIGN(trained->model_description, (*model)->describe(call));
  RTML_TRY_ASSIGN(trained->profile, profile_of(train, rows.train.what));
  RTML_TRY_ASSIGN(const table::Column predictions, (*model)->predict(test, call));
  std::vector<double> numbers = gate::numbers_of(predictions);
  RTML_TRY(check_predictions(numbers, rows.test.what));
  return numbers;
}

void note_convergence(TrainedModel* trained) {
  const Json& description = trained->model_description;
  if (!description.is_object() || description.value("converged", true)) return;
  trained->warnings.push_back(
      "training ended before the objective stood still; raise epochs, or change learning_rate");
}

}  // namespace

Result<TrainedModel> train(const TrainingRequest& request, const TrainingContext& context) {
  RTML_TRY_ASSIGN(const project::Pipeline* pipeline,
                  context.project.find_pipeline(request.pipeline));
  RTML_TRY_ASSIGN(const Metrics metrics, metrics_of(*pipeline));
  TrainedModel trained;
  registry::Run& run = trained.run;
  run.started_us = context.clock.now_us();
  plugin::ModelSettings settings;
  settings.parameters = pipeline->model.parameters;
  for (const auto& [name, value] : request.parameters.items()) settings.parameters[name] = value;
  settings.seed = request.seed.value_or(pipeline->seed);

  RTML_TRY(check_parameters(*pipeline, request, settings, context));

  RTML_TRY_ASSIGN(TrainingRows rows, load_rows(*pipeline, request, context));
  settings.feature_names = rows.features;
  trained.warnings = std::move(rows.warnings);
  gate::Evaluation evaluation;
  RTML_TRY_ASSIGN(evaluation.predictions,
                  learn(rows, settings, pipeline->model.type, context, &trained));
  note_convergence(&trained);

  run.pipeline = pipeline->name;
  run.model_type = pipeline->model.type;
  run.parameters = settings.parameters;
  run.seed = static_cast<std::int64_t>(settings.seed);
  run.details = {{"task", metrics.task == Task::kClassification ? "classification" : "regression"},
                 {"threshold", pipeline->threshold},
                 {"label", rows.label},
                 {"features", rows.features},
                 {"train", describe_part(rows.train, metrics.task)},
                 {"test", describe_part(rows.test, metrics.task)},
                 {"inputs", std::move(rows.inputs)},
                 {"gate", gate_json(*pipeline)},
                 {"model", trained.model_description}};
  Json undefined = Json::object();
  RTML_TRY(measure(metrics, pipeline->threshold, rows.test.labels, evaluation.predictions,
                   &run.metrics, &undefined));
  for (const auto& [name, why] : undefined.items()) {
    trained.warnings.push_back(why.get<std::string>());
  }
  evaluation.baselines = {majority(rows.train.labels, rows.test.labels.size()),
                          no_change(rows.test.times_us, rows.history,
                                    pipeline->dataset.labels.maturity_us, rows.train.labels)};
  run.details["baselines"] = Json::object();
  for (const gate::Baseline& baseline : evaluation.baselines) {
    Json values = Json::object();
    if (baseline.missing.empty()) {
      Json ignored = Json::object();
      RTML_TRY(measure(metrics, pipeline->threshold, rows.test.labels, baseline.predictions,
                       &values, &ignored));
    }
    run.details["baselines"][baseline.name] = std::move(values);
  }
  evaluation.labels = std::move(rows.test.labels);
  RTML_TRY_ASSIGN(evaluation.columns, model_columns(rows.test));
  RTML_TRY_ASSIGN(trained.evaluation, gate::to_table(evaluation));
  trained.manifest = std::move(rows.manifest);
  bind_definitions(context.project, *pipeline, &run);
  run.finished_us = context.clock.now_us();
  return trained;
}

}  // namespace rtml::training
