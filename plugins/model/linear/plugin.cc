// The model backend "linear": the learner behind the plugin interface.

#include <cmath>
#include <limits>

#include "plugins/model/linear/learner.h"
#include "rtml/sdk/plugin.h"

namespace rtml::linear {
namespace {

sdk::Error to_sdk(const Error& error) {
  rtml_status status = RTML_STATUS_FAILED;
  switch (error.code()) {
    case ErrorCode::kBadValue:
      status = RTML_STATUS_INVALID_ARGUMENT;
      break;
    case ErrorCode::kTrainingData:
      status = RTML_STATUS_BAD_TRAINING_DATA;
      break;
    case ErrorCode::kModelArtifact:
      status = RTML_STATUS_BAD_MODEL;
      break;
    default:
      break;
  }
  return sdk::fail(status, error.message(), error.help());
}

// Turns columns into rows of doubles: nulls into kNull, values that are not finite into infinity.
sdk::Result<Matrix> to_matrix(const sdk::RowsView& rows, const Settings& settings) {
  Matrix matrix;
  matrix.columns = settings.feature_names.size();
  if (rows.columns() != static_cast<std::int64_t>(matrix.columns)) {
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                     "the model has " + std::to_string(matrix.columns) + " features, the rows " +
                         std::to_string(rows.columns()));
  }
  matrix.values.resize(static_cast<std::size_t>(rows.rows()) * matrix.columns);
  for (std::size_t index = 0; index < matrix.columns; ++index) {
    const sdk::ColumnView column = rows.column(static_cast<std::int64_t>(index));
    const sdk::Type type = column.type();
    if (type == sdk::Type::kString || type == sdk::Type::kBytes || type == sdk::Type::kList) {
      return sdk::fail(RTML_STATUS_WRONG_TYPE,
                       "a linear model takes numbers, not texts or lists: feature " +
                           settings.feature_names[index]);
    }
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      double value = kNull;
      if (!column.is_null(row)) {
        value = column.number_at(row);
        if (!std::isfinite(value)) value = std::numeric_limits<double>::infinity();
      }
      matrix.values[static_cast<std::size_t>(row) * matrix.columns + index] = value;
    }
  }
  return matrix;
}

// Runs fit() or update() of the learner on rows of the host.
template <typename Learn>
sdk::Status learn(const Settings& settings, const sdk::TrainingRows& rows, const sdk::Call& call,
                  Learn&& learn_from) {
  if (rows.label == nullptr) {
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, "a linear model cannot learn without labels");
  }
  RTML_SDK_TRY_ASSIGN(const Matrix matrix, to_matrix(rows.features, settings));
  const auto count = static_cast<std::size_t>(rows.features.rows());
  Examples examples{matrix, {rows.label, count}, {}};
  if (rows.weight != nullptr) examples.weights = {rows.weight, count};
  // What the call itself says when it ends early is kept as the host knows it.
  sdk::Status stopped;
  const Check check = [&]() -> Status {
    stopped = call.check();
    if (stopped) return {};
    return fail(ErrorCode::kInterrupted, stopped.error().message);
  };
  if (const Status learnt = learn_from(examples, check); !learnt) {
    if (!stopped) return stopped;
    return to_sdk(learnt.error());
  }
  return {};
}

class LinearModel : public sdk::Model {
 public:
  explicit LinearModel(Learner learner) : learner_(std::move(learner)) {}

  sdk::Status update(const sdk::TrainingRows& rows, const sdk::Call& call) override {
    return learn(learner_.settings(), rows, call,
                 [&](const Examples& examples, const Check& check) {
                   return learner_.update(examples, check);
                 });
  }
  sdk::Status fit(const sdk::TrainingRows& rows, const sdk::Call& call) {
    return learn(learner_.settings(), rows, call,
                 [&](const Examples& examples, const Check& check) {
                   return learner_.fit(examples, check);
                 });
  }
  sdk::Result<std::vector<double>> predict(const sdk::RowsView& features,
                                           const sdk::Call& call) override {
    RTML_SDK_TRY(call.check());
    RTML_SDK_TRY_ASSIGN(const Matrix matrix, to_matrix(features, learner_.settings()));
    return learner_.predict(matrix);
  }
  sdk::Result<std::string> save(const sdk::Call&) override { return learner_.save(); }
  sdk::Result<std::string> describe(const sdk::Call&) override {
    return to_json_text(learner_.describe());
  }

 private:
  Learner learner_;
};

class LinearBackend : public sdk::ModelBackend {
 public:
  sdk::Result<std::string> parameter_schema() override {
    return to_json_text(linear::parameter_schema());
  }

  sdk::Result<std::unique_ptr<sdk::Model>> create(const sdk::ModelSettings& settings) override {
    RTML_SDK_TRY_ASSIGN(Learner learner, make_learner(settings));
    return std::unique_ptr<sdk::Model>(std::make_unique<LinearModel>(std::move(learner)));
  }

  sdk::Result<std::unique_ptr<sdk::Model>> fit(const sdk::ModelSettings& settings,
                                               const sdk::TrainingRows& rows,
                                               const sdk::Call& call) override {
    RTML_SDK_TRY_ASSIGN(Learner learner, make_learner(settings));
    auto model = std::make_unique<LinearModel>(std::move(learner));
    RTML_SDK_TRY(model->fit(rows, call));
    return std::unique_ptr<sdk::Model>(std::move(model));
  }

  sdk::Result<std::unique_ptr<sdk::Model>> load(std::string_view bytes, const sdk::Call&) override {
    Result<Learner> learner = Learner::load(bytes);
    if (!learner) return to_sdk(learner.error());
    return std::unique_ptr<sdk::Model>(std::make_unique<LinearModel>(std::move(*learner)));
  }

 private:
  static sdk::Result<Learner> make_learner(const sdk::ModelSettings& settings) {
    if (settings.feature_names.empty()) {
      return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, "a linear model needs a feature");
    }
    const Result<Json> json = parse_json(settings.parameters, "parameters");
    if (!json) return to_sdk(json.error());
    Result<Parameters> parameters = parse_parameters(*json);
    if (!parameters) return to_sdk(parameters.error());
    return Learner({std::move(*parameters), settings.feature_names, settings.seed});
  }
};

}  // namespace
}  // namespace rtml::linear

RTML_PLUGIN(rtml::linear::LinearBackend);
