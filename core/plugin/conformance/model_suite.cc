#include <cmath>
#include <cstring>

#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

using table::Batch;
using table::Kind;

constexpr int kRows = 400;

// Rows whose label follows from the features, the same in every run.
TrainingRows sample_rows() {
  const auto schema = std::make_shared<const table::Schema>(std::vector<table::Field>{
      {"amount", {Kind::kDouble}}, {"count", {Kind::kInt64}}, {"weekend", {Kind::kBool}}});
  table::ColumnBuilder amount({Kind::kDouble});
  table::ColumnBuilder count({Kind::kInt64});
  table::ColumnBuilder weekend({Kind::kBool});
  table::ColumnBuilder label({Kind::kDouble});
  for (int row = 0; row < kRows; ++row) {
    const double x = std::fmod(row * 0.6180339887498949, 1.0) * 100;
    const int n = row * 7 % 23;
    amount.append_number(x);
    count.append_integer(n);
    weekend.append_bool(row % 7 >= 5);
    label.append_number(x + 3 * n > 80 ? 1 : 0);
  }
  return {Batch(schema, {amount.finish(), count.finish(), weekend.finish()}, kRows), label.finish(),
          std::nullopt};
}

std::vector<double> values_of(const table::Column& column) {
  const auto values = column.values<double>();
  return {values.begin(), values.end()};
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

class ModelChecks {
 public:
  explicit ModelChecks(ModelBackend& backend) : backend_(backend), rows_(sample_rows()) {
    settings_.feature_names = rows_.features.schema().names();
    settings_.seed = 42;
  }

  bool has_model() const { return model_ != nullptr; }

  Status parameters() {
    RTML_TRY_ASSIGN(const Json schema, backend_.parameter_schema());
    RTML_TRY(expect(schema.value("type", Json()) == "object" && schema.contains("properties"),
                    "the parameters' schema is not that of an object"));
    ModelSettings settings = settings_;
    settings.parameters = {{"no_such_parameter", 1}};
    return expect_error(backend_.create(settings), ErrorCode::kBadValue, "an unknown parameter");
  }

  Status fit() {
    RTML_TRY_ASSIGN(model_, backend_.fit(settings_, rows_, {}));
    RTML_TRY_ASSIGN(const auto predictions, predict(*model_, rows_.features));
    for (const double value : predictions) {
      RTML_TRY(expect(std::isfinite(value), "a prediction is not finite"));
    }
    return {};
  }

  Status learns() {
    RTML_TRY_ASSIGN(const auto predictions, predict(*model_, rows_.features));
    const auto labels = rows_.label->values<double>();
    double of_ones = 0;
    double of_zeros = 0;
    int ones = 0;
    for (int row = 0; row < kRows; ++row) {
      (labels[row] == 1 ? of_ones : of_zeros) += predictions[row];
      ones += labels[row] == 1 ? 1 : 0;
    }
    return expect(of_ones / ones >= of_zeros / (kRows - ones),
                  "predictions are lower where the label is 1");
  }

  Status deterministic() {
    RTML_TRY_ASSIGN(const auto again, backend_.fit(settings_, rows_, {}));
    RTML_TRY_ASSIGN(const std::string first, model_->save({}));
    RTML_TRY_ASSIGN(const std::string second, again->save({}));
    return expect(first == second, "fitting the same rows twice gives different models");
  }

  Status rows_are_independent() {
    RTML_TRY_ASSIGN(const auto all, predict(*model_, rows_.features));
    RTML_TRY_ASSIGN(const auto part, predict(*model_, rows_.features.slice(100, 50)));
    const std::vector<double> expected(all.begin() + 100, all.begin() + 150);
    RTML_TRY(expect(same_bits(part, expected), "a prediction depends on the rows around it"));
    RTML_TRY_ASSIGN(const auto none, predict(*model_, rows_.features.slice(0, 0)));
    return expect(none.empty(), "no rows give predictions");
  }

  Status saves() {
    RTML_TRY_ASSIGN(const std::string bytes, model_->save({}));
    RTML_TRY_ASSIGN(const auto loaded, backend_.load(bytes, {}));
    RTML_TRY_ASSIGN(const auto before, predict(*model_, rows_.features));
    RTML_TRY_ASSIGN(const auto after, predict(*loaded, rows_.features));
    RTML_TRY(expect(same_bits(before, after), "a loaded model predicts otherwise"));
    RTML_TRY_ASSIGN(const std::string again, loaded->save({}));
    return expect(bytes == again, "a loaded model saves other bytes");
  }

  Status updates() {
    RTML_TRY_ASSIGN(const std::string bytes, model_->save({}));
    RTML_TRY_ASSIGN(const auto first, backend_.load(bytes, {}));
    RTML_TRY_ASSIGN(const auto second, backend_.load(bytes, {}));
    const Status updated = first->update(rows_, {});
    if (!updated && updated.error().code() == ErrorCode::kUnsupported) return {};
    RTML_TRY(updated);
    RTML_TRY(second->update(rows_, {}));
    RTML_TRY_ASSIGN(const std::string one, first->save({}));
    RTML_TRY_ASSIGN(const std::string two, second->save({}));
    return expect(one == two, "learning on with the same rows gives different models");
  }

  Status damaged() {
    RTML_TRY_ASSIGN(const std::string bytes, model_->save({}));
    for (const std::string& wrong :
         {std::string(), std::string("not a model"), bytes.substr(0, bytes.size() / 2)}) {
      RTML_TRY(
          expect_error(backend_.load(wrong, {}), ErrorCode::kModelArtifact,
                       "loading " + std::to_string(wrong.size()) + " bytes that are no model"));
    }
    return {};
  }

  Status describes() {
    RTML_TRY_ASSIGN(const Json description, model_->describe({}));
    return expect(!description.empty(), "a model says nothing about itself");
  }

  Status nulls() {
    table::ColumnBuilder amount({Kind::kDouble});
    amount.append_null();
    amount.append_number(std::nan(""));
    const auto& features = rows_.features;
    const Batch rows(
        features.shared_schema(),
        {amount.finish(), features.column(1).slice(0, 2), features.column(2).slice(0, 2)}, 2);
    const auto predictions = predict(*model_, rows);
    if (predictions) return {};
    const ErrorCode code = predictions.error().code();
    return expect(code == ErrorCode::kTrainingData || code == ErrorCode::kDataBadValue,
                  "a null feature ends with " + std::string(predictions.error().id()));
  }

 private:
  static Result<std::vector<double>> predict(Model& model, const Batch& features) {
    RTML_TRY_ASSIGN(const table::Column column, model.predict(features, {}));
    return values_of(column);
  }

  ModelBackend& backend_;
  TrainingRows rows_;
  ModelSettings settings_;
  std::unique_ptr<Model> model_;
};

}  // namespace

void check_model(PluginHost& host, const PluginInfo& plugin,
                 const ConformanceSettings& /*settings*/, Suite suite) {
  std::unique_ptr<ModelBackend> backend;
  suite.check("a backend loads", [&]() -> Status {
    RTML_TRY_ASSIGN(backend, host.model_backend(plugin.name));
    return {};
  });
  if (backend == nullptr) return;
  ModelChecks checks(*backend);
  suite.check("parameters are described and checked", [&] { return checks.parameters(); });
  suite.check("a model fits and predicts", [&] { return checks.fit(); });
  if (!checks.has_model()) return;
  suite.check("predictions follow the label", [&] { return checks.learns(); });
  suite.check("equal seeds and rows give equal models", [&] { return checks.deterministic(); });
  suite.check("a prediction depends on its row alone",
              [&] { return checks.rows_are_independent(); });
  suite.check("a saved model loads with the same bits", [&] { return checks.saves(); });
  suite.check("learning on is repeatable", [&] { return checks.updates(); });
  suite.check("bytes that are no model are refused", [&] { return checks.damaged(); });
  suite.check("a model describes itself", [&] { return checks.describes(); });
  suite.check("null features are predicted or refused", [&] { return checks.nulls(); });
}

}  // namespace rtml::plugin
