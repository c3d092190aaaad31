#include "core/prediction/prediction.h"

#include <cmath>
#include <memory>
#include <vector>

#include "core/plugin/host.h"
#include "core/registry/registry.h"
#include "core/table/batch.h"

namespace rtml::prediction {
namespace {

constexpr std::string_view kLabelColumn = "predicted_label";
constexpr table::DataType kDouble = {table::Kind::kDouble, false};

struct LoadedModel {
  registry::ModelVersion version;
  std::vector<std::string> features;
  bool classification = true;
  std::unique_ptr<plugin::Model> model;
};

Result<LoadedModel> load_model(const std::string& reference, const PredictionContext& context) {
  LoadedModel loaded;
  {
    RTML_TRY_ASSIGN(const registry::Reader reader, context.registry.read());
    RTML_TRY_ASSIGN(loaded.version, reader.resolve(reference));
    if (!loaded.version.run_id.empty()) {
      RTML_TRY_ASSIGN(const registry::Run run, reader.run(loaded.version.run_id));
      if (run.details.contains("features")) {
        loaded.features = run.details["features"].get<std::vector<std::string>>();
      }
      loaded.classification = run.details.value("task", "classification") == "classification";
    }
  }
  if (loaded.features.empty()) {
    return fail(ErrorCode::kModelArtifact,
                "nothing says which features the model reads: " + loaded.version.label());
  }
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const std::string bytes,
                  context.registry.read_artifact(loaded.version.artifact_sha256));
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::ModelBackend> backend,
                  context.plugins.model_backend(loaded.version.model_type));
  RTML_TRY_ASSIGN(loaded.model, backend->load(bytes, call));
  return loaded;
}

// The input with the columns that predict() adds.
class PredictingReader : public table::BatchReader {
 public:
  // Fails as predict() says for the input's columns.
  static Result<std::unique_ptr<PredictingReader>> open(const PredictionRequest& request,
                                                        const LoadedModel& loaded,
                                                        std::unique_ptr<table::BatchReader> input,
                                                        const PredictionContext& context) {
    const table::Schema& schema = *input->schema();
    const std::string what = request.input.string();
    std::vector<std::size_t> features;
    for (const std::string& name : loaded.features) {
      auto index = schema.require(name, what);
      if (!index) {
        return fail(
            std::move(index.error()).with_help(loaded.version.label() + " reads this feature"));
      }
      features.push_back(*index);
    }
    std::vector<table::Field> fields = schema.fields();
    std::vector<table::Field> added = {{request.column, kDouble}};
    if (request.threshold) {
      added.push_back({std::string(kLabelColumn), {table::Kind::kInt64, false}});
    }
    for (table::Field& field : added) {
      if (schema.find(field.name)) {
        return fail(Error(ErrorCode::kDataBadValue,
                          "the input has a column of the output's name already: " + field.name)
                        .with_help("name the prediction with --column"));
      }
      fields.push_back(std::move(field));
    }
    return std::unique_ptr<PredictingReader>(
        new PredictingReader(request, *loaded.model, std::move(input), std::move(features),
                             std::make_shared<table::Schema>(std::move(fields)), context));
  }

  const std::shared_ptr<const table::Schema>& schema() const override { return schema_; }

  Result<std::optional<table::Batch>> next() override {
    RTML_TRY(context_.cancel.check());
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, input_->next());
    if (!batch) return std::nullopt;
    RTML_TRY_ASSIGN(const table::Batch features, features_of(*batch));
    RTML_TRY_ASSIGN(const table::Column predictions,
                    model_.predict(features, {.cancel = &context_.cancel}));
    std::vector<table::Column> columns = batch->columns();
    add_columns(predictions, &columns);
    rows_ += batch->rows();
    context_.progress.advance_to(rows_);
    return table::Batch(schema_, std::move(columns), batch->rows());
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t without_prediction() const { return without_prediction_; }

 private:
  PredictingReader(const PredictionRequest& request, plugin::Model& model,
                   std::unique_ptr<table::BatchReader> input, std::vector<std::size_t> features,
                   std::shared_ptr<const table::Schema> schema, const PredictionContext& context)
      : request_(request),
        model_(model),
        input_(std::move(input)),
        features_(std::move(features)),
        schema_(std::move(schema)),
        context_(context) {}

  Result<table::Batch> features_of(const table::Batch& batch) const {
    std::vector<table::Field> fields;
    std::vector<table::Column> columns;
    for (const std::size_t index : features_) {
      table::Field field = batch.schema().field(index);
      table::Column column = batch.column(index);
      const bool is_number =
          table::is_numeric(field.type) || field.type == table::DataType{table::Kind::kBool, false};
      if (!is_number) {
        RTML_TRY_ASSIGN(column, nulls_for(field, column));
        field.type = kDouble;
      }
      fields.push_back(std::move(field));
      columns.push_back(std::move(column));
    }
    return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(columns),
                        batch.rows());
  }

  // A column of a text file that is empty from top to bottom has no type; it is null numbers.
  Result<table::Column> nulls_for(const table::Field& field, const table::Column& column) const {
    if (column.null_count() != column.length()) {
      return fail(ErrorCode::kDataWrongType, "a feature must be a number or BOOL: column " +
                                                 field.name + " of " + request_.input.string() +
                                                 " is " + table::to_string(field.type));
    }
    table::ColumnBuilder nulls(kDouble);
    for (std::int64_t row = 0; row < column.length(); ++row) nulls.append_null();
    return nulls.finish();
  }

  void add_columns(const table::Column& predictions, std::vector<table::Column>* columns) {
    table::ColumnBuilder values(kDouble);
    table::ColumnBuilder labels({table::Kind::kInt64, false});
    for (std::int64_t row = 0; row < predictions.length(); ++row) {
      const bool known = !predictions.is_null(row) && std::isfinite(predictions.number_at(row));
      if (!known) {
        ++without_prediction_;
        values.append_null();
        labels.append_null();
        continue;
      }
      values.append_number(predictions.number_at(row));
      labels.append_integer(request_.threshold &&
                            predictions.number_at(row) >= *request_.threshold);
    }
    columns->push_back(values.finish());
    if (request_.threshold) columns->push_back(labels.finish());
  }

  const PredictionRequest& request_;
  plugin::Model& model_;
  std::unique_ptr<table::BatchReader> input_;
  std::vector<std::size_t> features_;
  std::shared_ptr<const table::Schema> schema_;
  const PredictionContext& context_;
  std::int64_t rows_ = 0;
  std::int64_t without_prediction_ = 0;
};

Status drain(table::BatchReader& reader) {
  while (true) {
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader.next());
    if (!batch) return {};
  }
}

}  // namespace

Result<PredictionResult> predict(const PredictionRequest& request,
                                 const PredictionContext& context) {
  RTML_TRY_ASSIGN(const LoadedModel loaded, load_model(request.model, context));
  if (request.threshold && !loaded.classification) {
    return fail(ErrorCode::kBadValue,
                "a threshold makes no sense for a regression: " + loaded.version.label());
  }
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const std::unique_ptr<plugin::TableStore> store,
                  context.plugins.table_store("file"));
  RTML_TRY_ASSIGN(std::unique_ptr<table::BatchReader> input,
                  store->scan({.path = request.input.string()}, call));
  RTML_TRY_ASSIGN(const std::unique_ptr<PredictingReader> reader,
                  PredictingReader::open(request, loaded, std::move(input), context));
  context.progress.begin("predict by " + loaded.version.label(), 0, "rows");
  const Status done =
      request.dry_run
          ? drain(*reader)
          : store->write({.path = request.output.string()}, *reader, call).map([](std::int64_t) {});
  context.progress.end();
  RTML_TRY(done);
  return PredictionResult{loaded.version, reader->rows(), reader->without_prediction()};
}

}  // namespace rtml::prediction
