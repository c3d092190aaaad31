#include "core/plugin/adapters.h"
#include "core/table/arrow_c_interface.h"

namespace rtml::plugin {
namespace {

Result<Json> json_of(const LoadedPlugin& plugin, std::string_view call, const Buffer& buffer) {
  RTML_TRY_ASSIGN(const std::string text, buffer.text(plugin, call));
  Result<Json> json = parse_json(text, call);
  if (!json || !json->is_object()) {
    return fail(broken_contract(plugin, call, "what came back is no JSON object"));
  }
  return json;
}

// ModelSettings with everything that the C form points to.
class SettingsView {
 public:
  explicit SettingsView(const ModelSettings& settings)
      : parameters_(to_json_text(settings.parameters)) {
    for (const std::string& name : settings.feature_names) names_.push_back(name.c_str());
    settings_ = {sizeof settings_, parameters_.c_str(), static_cast<std::int64_t>(names_.size()),
                 names_.data(), settings.seed};
  }
  SettingsView(const SettingsView&) = delete;
  SettingsView& operator=(const SettingsView&) = delete;
  const rtml_model_settings* get() const { return &settings_; }

 private:
  std::string parameters_;
  std::vector<const char*> names_;
  rtml_model_settings settings_ = {};
};

// Rows exported for the length of a call.
class RowsExport {
 public:
  explicit RowsExport(const table::Batch& batch) {
    table::export_schema(batch.schema(), schema_.get());
    table::export_batch(batch, array_.get());
  }
  rtml_rows get() { return {schema_.get(), array_.get()}; }

 private:
  table::Imported<ArrowSchema> schema_;
  table::Imported<ArrowArray> array_;
};

class TrainingRowsExport {
 public:
  explicit TrainingRowsExport(const TrainingRows& rows) : features_(rows.features) {
    rows_.struct_size = sizeof rows_;
    rows_.features = features_.get();
    if (rows.label) {
      table::export_column(*rows.label, label_.get());
      rows_.label = label_.get();
    }
    if (rows.weight) {
      table::export_column(*rows.weight, weight_.get());
      rows_.weight = weight_.get();
    }
  }
  const rtml_training_rows* get() const { return &rows_; }

 private:
  RowsExport features_;
  table::Imported<ArrowArray> label_;
  table::Imported<ArrowArray> weight_;
  rtml_training_rows rows_ = {};
};

// What the ABI promises the plugin about labels and weights.
Status check_rows(const TrainingRows& rows) {
  for (const auto& [column, what] :
       {std::pair(&rows.label, "label"), std::pair(&rows.weight, "weight")}) {
    if (!*column) continue;
    if ((*column)->type() != table::DataType{table::Kind::kDouble} || (*column)->null_count() > 0 ||
        (*column)->length() != rows.features.rows()) {
      return fail(ErrorCode::kTrainingData,
                  "a " + std::string(what) + " is not one DOUBLE a row without nulls");
    }
  }
  return {};
}

class PluginModel : public Model {
 public:
  PluginModel(SharedPlugin plugin, void* model) : plugin_(std::move(plugin)), model_(model) {}
  PluginModel(const PluginModel&) = delete;
  PluginModel& operator=(const PluginModel&) = delete;
  ~PluginModel() override { table().close(model_); }

  Status update(const TrainingRows& rows, const CallOptions& options) override {
    RTML_TRY(check_rows(rows));
    const TrainingRowsExport exported(rows);
    const CallContext call(options);
    ErrorSlot error;
    return error.check(*plugin_, table().update(model_, exported.get(), call.get(), error.get()));
  }

  Result<table::Column> predict(const table::Batch& features, const CallOptions& options) override {
    RowsExport exported(features);
    const rtml_rows rows = exported.get();
    const CallContext call(options);
    ErrorSlot error;
    table::Imported<ArrowArray> predictions;
    RTML_TRY(error.check(
        *plugin_, table().predict(model_, &rows, call.get(), predictions.get(), error.get())));
    if (predictions.is_released()) {
      return fail(broken_contract(*plugin_, "predict", "no predictions came back"));
    }
    Result<table::Column> column =
        table::import_column(std::move(predictions), {"prediction", {table::Kind::kDouble}});
    if (!column) return fail(in_call(*plugin_, "predict", std::move(column).error()));
    if (column->length() != features.rows() || column->null_count() > 0) {
      return fail(broken_contract(*plugin_, "predict",
                                  std::to_string(column->length() - column->null_count()) +
                                      " predictions for " + std::to_string(features.rows()) +
                                      " rows"));
    }
    return column;
  }

  Result<std::string> save(const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    Buffer bytes;
    RTML_TRY(error.check(*plugin_, table().save(model_, call.get(), bytes.get(), error.get())));
    return bytes.text(*plugin_, "save");
  }

  Result<Json> describe(const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    Buffer description;
    RTML_TRY(error.check(*plugin_,
                         table().describe(model_, call.get(), description.get(), error.get())));
    return json_of(*plugin_, "describe", description);
  }

 private:
  const rtml_model_backend& table() const { return *plugin_->descriptor->model; }

  SharedPlugin plugin_;
  void* model_;
};

class PluginModelBackend : public ModelBackend {
 public:
  explicit PluginModelBackend(SharedPlugin plugin) : plugin_(std::move(plugin)) {}

  Result<Json> parameter_schema() override {
    ErrorSlot error;
    Buffer schema;
    RTML_TRY(error.check(*plugin_, table().parameter_schema(schema.get(), error.get())));
    return json_of(*plugin_, "parameter_schema", schema);
  }

  Result<std::unique_ptr<Model>> create(const ModelSettings& settings) override {
    const SettingsView view(settings);
    ErrorSlot error;
    void* model = nullptr;
    RTML_TRY(error.check(*plugin_, table().create(view.get(), &model, error.get())));
    return adopt(model, "create");
  }

  Result<std::unique_ptr<Model>> fit(const ModelSettings& settings, const TrainingRows& rows,
                                     const CallOptions& options) override {
    RTML_TRY(check_rows(rows));
    const SettingsView view(settings);
    const TrainingRowsExport exported(rows);
    const CallContext call(options);
    ErrorSlot error;
    void* model = nullptr;
    RTML_TRY(error.check(*plugin_,
                         table().fit(view.get(), exported.get(), call.get(), &model, error.get())));
    return adopt(model, "fit");
  }

  Result<std::unique_ptr<Model>> load(std::string_view bytes, const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    void* model = nullptr;
    RTML_TRY(error.check(*plugin_, table().load(bytes_of(bytes), call.get(), &model, error.get())));
    return adopt(model, "load");
  }

 private:
  const rtml_model_backend& table() const { return *plugin_->descriptor->model; }

  Result<std::unique_ptr<Model>> adopt(void* model, std::string_view call) const {
    if (model == nullptr) return fail(broken_contract(*plugin_, call, "no model came back"));
    return std::make_unique<PluginModel>(plugin_, model);
  }

  SharedPlugin plugin_;
};

}  // namespace

std::unique_ptr<ModelBackend> adapt_model_backend(SharedPlugin plugin) {
  return std::make_unique<PluginModelBackend>(std::move(plugin));
}

}  // namespace rtml::plugin
