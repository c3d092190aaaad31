#include "core/training/training_rows.h"

#include <algorithm>
#include <limits>

#include "core/base/time.h"
#include "core/dataset/training_set.h"
#include "core/gate/evaluation.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::training {
namespace {

constexpr table::DataType kTimestamp = {table::Kind::kTimestamp, false};

Result<std::vector<double>> labels_of(const table::Batch& rows, const std::string& label,
                                      const std::string& what) {
  RTML_TRY_ASSIGN(const std::size_t index, rows.schema().require(label, what));
  const table::Column& column = rows.column(index);
  const table::DataType type = column.type();
  if (!table::is_numeric(type) && type != table::DataType{table::Kind::kBool, false}) {
    return fail(ErrorCode::kDataWrongType, "a label must be a number or BOOL: column " + label +
                                               " of " + what + " is " + table::to_string(type));
  }
  std::vector<double> labels;
  labels.reserve(static_cast<std::size_t>(rows.rows()));
  for (std::int64_t row = 0; row < rows.rows(); ++row) {
    if (column.is_null(row)) {
      return fail(Error(ErrorCode::kTrainingData, "the label " + label + " of " + what +
                                                      " is null in row " + std::to_string(row + 1))
                      .with_help("leave out the rows whose label is not known"));
    }
    labels.push_back(column.number_at(row));
  }
  return labels;
}

Result<Part> make_part(table::Batch rows, const std::string& label, std::string what,
                       const std::optional<std::size_t>& time) {
  Part part;
  part.what = std::move(what);
  if (rows.rows() == 0) return fail(ErrorCode::kTrainingData, "there are no rows in " + part.what);
  RTML_TRY_ASSIGN(part.labels, labels_of(rows, label, part.what));
  if (time && rows.column(*time).type() == kTimestamp && rows.column(*time).null_count() == 0) {
    const auto times = rows.column(*time).values<std::int64_t>();
    part.times_us.assign(times.begin(), times.end());
  }
  part.rows = std::move(rows);
  return part;
}

void add_history(const Part& part, std::vector<std::pair<std::int64_t, double>>* history) {
  for (std::size_t row = 0; row < part.times_us.size(); ++row) {
    history->emplace_back(part.times_us[row], part.labels[row]);
  }
}

// Reads a whole prepared file; its column `time` as TIMESTAMP if it has one.
Result<table::Batch> read_file(const std::filesystem::path& path, const std::string& time,
                               const TrainingContext& context) {
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::TableStore> store,
                  context.plugins.table_store("file"));
  const plugin::CallOptions call{.cancel = &context.cancel};
  plugin::ScanRequest request;
  request.path = path.string();
  RTML_TRY_ASSIGN(const table::Schema schema, store->schema(request, call));
  const auto index = schema.find(time);
  const bool is_text = index && schema.field(*index).type.kind == table::Kind::kString;
  if (is_text) request.types[time] = kTimestamp;
  RTML_TRY_ASSIGN(const std::unique_ptr<table::BatchReader> reader, store->scan(request, call));
  RTML_TRY_ASSIGN(const std::vector<table::Batch> batches, table::read_all(*reader));
  return table::concatenate(reader->schema(), batches);
}

// The feature columns asked for, or those of the pipeline's service.
Result<std::vector<std::string>> wanted_features(const project::Pipeline& pipeline,
                                                 const TrainingRequest& request,
                                                 const TrainingContext& context) {
  if (!request.features.empty()) return request.features;
  RTML_TRY_ASSIGN(const project::FeatureService* service,
                  context.project.find_service(pipeline.dataset.service));
  std::vector<std::string> names;
  const project::FeatureSelection selection = context.project.selection_of(*service);
  for (const project::ServiceColumn& column : selection.features) names.push_back(column.name);
  for (const project::OnDemandColumn& column : selection.on_demand) names.push_back(column.name);
  return names;
}

Status check_features(const Part& part, const std::vector<std::string>& features) {
  for (const std::string& name : features) {
    RTML_TRY(part.rows.schema().require(name, part.what));
  }
  return {};
}

Result<TrainingRows> load_files(const project::Pipeline& pipeline, const TrainingRequest& request,
                                const TrainingContext& context) {
  TrainingRows rows;
  rows.label = request.label.empty() ? pipeline.dataset.labels.column : request.label;
  RTML_TRY_ASSIGN(rows.features, wanted_features(pipeline, request, context));
  const std::string time = "event_timestamp";
  for (const bool train : {true, false}) {
    const std::filesystem::path& path = train ? request.train_file : request.test_file;
    RTML_TRY_ASSIGN(table::Batch batch, read_file(path, time, context));
    const std::string content = dataset::content_sha256(batch);
    const auto column = batch.schema().find(time);
    RTML_TRY_ASSIGN(Part part, make_part(std::move(batch), rows.label, path.string(), column));
    RTML_TRY(check_features(part, rows.features));
    rows.inputs[train ? "train_file" : "test_file"] = {{"name", path.filename().string()},
                                                       {"content_sha256", content}};
    (train ? rows.train : rows.test) = std::move(part);
  }
  if (!rows.train.times_us.empty() && !rows.test.times_us.empty()) {
    add_history(rows.train, &rows.history);
    add_history(rows.test, &rows.history);
    std::stable_sort(rows.history.begin(), rows.history.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  if (rows.inputs["train_file"]["content_sha256"] == rows.inputs["test_file"]["content_sha256"]) {
    rows.warnings.push_back("the model was tested on the rows that it learnt from");
  } else if (!rows.history.empty() &&
             *std::max_element(rows.train.times_us.begin(), rows.train.times_us.end()) >=
                 *std::min_element(rows.test.times_us.begin(), rows.test.times_us.end())) {
    rows.warnings.push_back("the training rows reach into the time of the test rows");
  }
  return rows;
}

// Rows [from, to) of a set in the order of its time.
table::Batch between(const table::Batch& rows, std::span<const std::int64_t> times,
                     std::int64_t from_us, std::int64_t to_us) {
  const auto start = std::lower_bound(times.begin(), times.end(), from_us) - times.begin();
  const auto end = std::lower_bound(times.begin(), times.end(), to_us) - times.begin();
  return rows.slice(start, std::max<std::ptrdiff_t>(end - start, 0));
}

// The pipeline's training set: the one that the request brings, or built now.
Result<dataset::TrainingSet> training_set(const project::Pipeline& pipeline,
                                          const TrainingRequest& request,
                                          const TrainingContext& context) {
  if (request.training_set != nullptr) return *request.training_set;
  dataset::BuildOptions options;
  options.allow_leak = request.allow_leak;
  return dataset::build_training_set(pipeline, options,
                                     {.project = context.project,
                                      .plugins = context.plugins,
                                      .progress = context.progress,
                                      .cancel = context.cancel,
                                      .threads = context.threads,
                                      .memory_limit_bytes = context.memory_limit_bytes});
}

Result<TrainingRows> build_rows(const project::Pipeline& pipeline, const TrainingRequest& request,
                                const TrainingContext& context) {
  RTML_TRY_ASSIGN(const dataset::TrainingSet set, training_set(pipeline, request, context));
  TrainingRows rows;
  rows.label = pipeline.dataset.labels.column;
  rows.features = request.features.empty() ? set.feature_columns : request.features;
  rows.manifest = set.manifest;
  RTML_TRY_ASSIGN(const std::size_t time,
                  set.rows.schema().require(set.timestamp_column, "the training set"));
  RTML_TRY_ASSIGN(const Part all, make_part(set.rows, rows.label, "the training set", time));
  RTML_TRY(check_features(all, rows.features));
  add_history(all, &rows.history);

  const SplitMoments moments = resolve_split(pipeline.split, all.times_us.back());
  const auto part = [&](const std::string& name, std::int64_t from_us,
                        std::int64_t to_us) -> Result<Part> {
    table::Batch found = between(all.rows, all.times_us, from_us, to_us);
    if (found.rows() > 0) return make_part(std::move(found), rows.label, "the " + name, time);
    return fail(Error(ErrorCode::kTrainingData, "there are no " + name + " from " +
                                                    format_timestamp(from_us) + " to " +
                                                    format_timestamp(to_us - 1))
                    .at(pipeline.split.location)
                    .with_help("mature labels go from " + format_timestamp(all.times_us.front()) +
                               " to " + format_timestamp(all.times_us.back())));
  };
  RTML_TRY_ASSIGN(rows.train, part("training rows", moments.train_from_us, moments.train_to_us));
  RTML_TRY_ASSIGN(rows.test, part("test rows", moments.test_from_us, moments.test_to_us));
  const std::int64_t gap_us = moments.test_from_us - moments.train_to_us;
  if (gap_us < pipeline.dataset.labels.maturity_us) {
    rows.warnings.push_back("the embargo of " + format_duration(std::max<std::int64_t>(gap_us, 0)) +
                            " is shorter than the label's maturity of " +
                            format_duration(pipeline.dataset.labels.maturity_us) +
                            ": when the test began, the last training labels were not known");
  }
  return rows;
}

}  // namespace

SplitMoments resolve_split(const project::Split& split, std::int64_t last_us) {
  if (split.absolute) {
    return {split.train_from_us, split.train_to_us, split.test_from_us, split.test_to_us};
  }
  SplitMoments moments;
  moments.test_to_us = last_us + 1;
  moments.test_from_us = moments.test_to_us - split.test_us;
  moments.train_to_us = moments.test_from_us - split.embargo_us;
  moments.train_from_us = moments.train_to_us - split.train_us;
  return moments;
}

namespace {

// Features twice, or the label itself among them, are mistakes of --features.
Status check_names(const TrainingRows& rows, const TrainingRequest& request) {
  for (auto name = rows.features.begin(); name != rows.features.end(); ++name) {
    if (std::find(rows.features.begin(), name, *name) != name) {
      return fail(ErrorCode::kBadValue, "a feature is named twice: " + *name);
    }
    if (*name == rows.label && !request.allow_leak) {
      return fail(Error(ErrorCode::kLabelLeak, "the label is among the features: " + *name)
                      .with_help("leave it out, or pass --allow-leak"));
    }
  }
  return {};
}

}  // namespace

Result<TrainingRows> load_rows(const project::Pipeline& pipeline, const TrainingRequest& request,
                               const TrainingContext& context) {
  if (request.train_file.empty() != request.test_file.empty()) {
    return fail(ErrorCode::kUsage, "training on prepared rows needs both a train and a test file");
  }
  const bool prepared = !request.train_file.empty();
  if (!prepared && !request.label.empty() && request.label != pipeline.dataset.labels.column) {
    return fail(Error(ErrorCode::kUsage, "another label needs prepared files: " + request.label)
                    .with_help("the label of a pipeline's own rows is labels.column in its file"));
  }
  RTML_TRY_ASSIGN(TrainingRows rows, prepared ? load_files(pipeline, request, context)
                                              : build_rows(pipeline, request, context));
  RTML_TRY(check_names(rows, request));
  return rows;
}

}  // namespace rtml::training
