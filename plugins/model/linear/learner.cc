#include "plugins/model/linear/learner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "plugins/model/linear/stepper.h"

namespace rtml::linear {
namespace {

// How many rows are learnt between two looks at the clock.
constexpr std::size_t kRowsPerCheck = 4'096;

double sigmoid(double margin) {
  if (margin >= 0.0) return 1.0 / (1.0 + std::exp(-margin));
  const double odds = std::exp(margin);
  return odds / (1.0 + odds);
}

// ln(1 + e^x) without overflow.
double log1p_exp(double x) {
  return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

double dot(std::span<const double> weights, const double* inputs) {
  double sum = 0.0;
  for (std::size_t index = 0; index < weights.size(); ++index) {
    sum += weights[index] * inputs[index];
  }
  return sum;
}

std::string number_text(double value) {
  return to_json_text(Json(value));
}

tl::unexpected<Error> diverged() {
  Error error(ErrorCode::kTrainingData, "learning diverged: a weight is no longer finite");
  return fail(std::move(error).with_help("lower learning_rate, or keep standardize on"));
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

}  // namespace

Learner::Learner(Settings settings) : settings_(std::move(settings)) {
  state_.moments.resize(features());
  state_.weights.assign(coordinates(), 0.0);
  state_.squares.assign(coordinates(), 0.0);
  state_.linear.assign(coordinates(), 0.0);
}

std::size_t Learner::coordinates() const {
  return features() * (settings_.parameters.null_indicator ? 2 : 1) + 1;
}

Status Learner::check_examples(const Examples& examples, bool both_classes) const {
  const std::size_t rows = examples.labels.size();
  if (rows == 0) return fail(ErrorCode::kTrainingData, "there is no row to learn from");
  bool seen[2] = {false, false};
  for (std::size_t row = 0; row < rows; ++row) {
    const double label = examples.labels[row];
    const bool is_class = label == 0.0 || label == 1.0;
    if (!std::isfinite(label) || (settings_.parameters.logistic() && !is_class)) {
      return fail(ErrorCode::kTrainingData,
                  "the label of row " + std::to_string(row + 1) + " must be " +
                      (settings_.parameters.logistic() ? "0 or 1" : "finite") + ": " +
                      number_text(label));
    }
    if (is_class) seen[label == 1.0] = true;
    if (!examples.weights.empty() &&
        !(std::isfinite(examples.weights[row]) && examples.weights[row] >= 0.0)) {
      return fail(ErrorCode::kTrainingData,
                  "the weight of row " + std::to_string(row + 1) +
                      " must be finite and not negative: " + number_text(examples.weights[row]));
    }
  }
  for (std::size_t index = 0; index < examples.features.values.size(); ++index) {
    if (!std::isinf(examples.features.values[index])) continue;
    Error error(ErrorCode::kTrainingData, "feature " + settings_.feature_names[index % features()] +
                                              " is not finite in row " +
                                              std::to_string(index / features() + 1));
    return fail(std::move(error).with_help(
        "make it null where it has no value; a null counts as the mean"));
  }
  if (both_classes && settings_.parameters.logistic() && !(seen[0] && seen[1])) {
    return fail(ErrorCode::kTrainingData, std::string("every row has label ") +
                                              (seen[1] ? "1" : "0") +
                                              ": two classes are needed to tell them apart");
  }
  return {};
}

Status Learner::check_moments() const {
  for (std::size_t feature = 0; feature < features(); ++feature) {
    if (std::isfinite(state_.moments[feature].variance)) continue;
    return fail(ErrorCode::kTrainingData, "the values of feature " +
                                              settings_.feature_names[feature] +
                                              " are too large to be standardised");
  }
  return {};
}

void Learner::standardize(std::span<const double> row, double* inputs) const {
  const Parameters& parameters = settings_.parameters;
  for (std::size_t feature = 0; feature < row.size(); ++feature) {
    const FeatureMoments& moments = state_.moments[feature];
    inputs[feature] =
        parameters.standardize ? moments.standardize(row[feature]) : moments.impute(row[feature]);
    if (parameters.null_indicator) {
      inputs[row.size() + feature] = is_null(row[feature]) ? 1.0 : 0.0;
    }
  }
  inputs[coordinates() - 1] = 1.0;
}

void Learner::learn_moments(std::span<const double> row) {
  for (std::size_t feature = 0; feature < row.size(); ++feature) {
    if (!is_null(row[feature])) state_.moments[feature].add(row[feature]);
  }
}

double Learner::example_weight(const Examples& examples, std::size_t row) const {
  const Parameters& parameters = settings_.parameters;
  double weight = examples.weights.empty() ? 1.0 : examples.weights[row];
  if (!parameters.logistic()) return weight;
  const bool positive = examples.labels[row] == 1.0;
  if (positive) weight *= parameters.positive_weight;
  if (parameters.class_weight == "balanced") {
    // Each class has half of the weight seen so far: scikit-learn's n / (2 n_class).
    const double all = state_.class_weight[0] + state_.class_weight[1];
    const double own = state_.class_weight[positive];
    weight *= own > 0.0 ? all / (2.0 * own) : 0.0;
  }
  return weight;
}

double Learner::objective(const std::vector<double>& inputs, const Examples& examples,
                          const std::vector<double>& weights) const {
  const Parameters& parameters = settings_.parameters;
  const std::size_t width = coordinates();
  double loss = 0.0;
  double all = 0.0;
  for (std::size_t row = 0; row < examples.labels.size(); ++row) {
    const double margin = dot(weights, inputs.data() + row * width);
    const double weight = example_weight(examples, row);
    if (parameters.logistic()) {
      loss += weight * log1p_exp(examples.labels[row] == 1.0 ? -margin : margin);
    } else {
      const double label = (examples.labels[row] - state_.label_mean) / state_.label_scale;
      loss += weight * (margin - label) * (margin - label) / 2.0;
    }
    all += weight;
  }
  for (std::size_t index = 0; index + 1 < width; ++index) {
    loss += parameters.l1 / state_.label_scale * std::abs(weights[index]) +
            parameters.l2 / 2.0 * weights[index] * weights[index];
  }
  return all > 0.0 ? loss / all : loss;
}

void Learner::scale_label(const Examples& examples) {
  FeatureMoments label;
  for (const double value : examples.labels) label.add(value);
  state_.label_mean = label.mean;
  state_.label_scale = label.variance > 0.0 ? label.deviation() : 1.0;
}

double Learner::slope(double margin, double label) const {
  if (settings_.parameters.logistic()) return sigmoid(margin) - label;
  return margin - (label - state_.label_mean) / state_.label_scale;
}

// Makes one pass and gives the mean of the weights after each of its steps.
Status Learner::run_epoch(const std::vector<double>& inputs, const Examples& examples,
                          std::span<const std::size_t> order, const Check& check, Stepper* stepper,
                          std::vector<double>* mean_weights) {
  const std::size_t width = coordinates();
  std::vector<double>& mean = *mean_weights;
  mean.assign(width, 0.0);
  double steps = 0.0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    if (place % kRowsPerCheck == 0) RTML_TRY(check());
    const std::size_t row = order[place];
    const double* input = inputs.data() + row * width;
    const double margin = dot(state_.weights, input);
    stepper->step(input, slope(margin, examples.labels[row]) * example_weight(examples, row));
    steps += 1.0;
    for (std::size_t index = 0; index < width; ++index) {
      mean[index] += (state_.weights[index] - mean[index]) / steps;
    }
  }
  // What l1 has set to 0 stays 0.
  for (std::size_t index = 0; index < width; ++index) {
    if (state_.weights[index] == 0.0) mean[index] = 0.0;
  }
  return {};
}

Status Learner::run_epochs(const std::vector<double>& inputs, const Examples& examples,
                           const Check& check) {
  const Parameters& parameters = settings_.parameters;
  std::vector<std::size_t> order(examples.labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(settings_.seed);
  Stepper stepper(parameters, &state_);
  stepper.set_rows_per_pass(static_cast<double>(order.size()));
  double before = objective(inputs, examples, state_.weights);
  std::vector<double> mean_weights;
  while (!state_.converged && state_.epochs < parameters.epochs) {
    ++state_.epochs;
    // One more pass adds every loss once more, so the penalties count once more as well.
    state_.passes = static_cast<double>(state_.epochs);
    if (parameters.shuffle) random.shuffle(std::span<std::size_t>(order));
    RTML_TRY(run_epoch(inputs, examples, order, check, &stepper, &mean_weights));
    const std::vector<double>& result = parameters.average ? mean_weights : state_.weights;
    const double after = objective(inputs, examples, result);
    if (!std::isfinite(after) || !all_finite(result)) return diverged();
    state_.objective = after;
    state_.converged = std::abs(before - after) <= parameters.tolerance * std::abs(after);
    before = after;
  }
  if (parameters.average) stepper.move_to(mean_weights);
  return {};
}

Status Learner::fit(const Examples& examples, const Check& check) {
  RTML_TRY(check_examples(examples, true));
  Learner fresh(settings_);
  const std::size_t rows = examples.labels.size();
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % kRowsPerCheck == 0) RTML_TRY(check());
    fresh.learn_moments(examples.features.row(row));
    if (settings_.parameters.logistic()) {
      fresh.state_.class_weight[examples.labels[row] == 1.0] +=
          examples.weights.empty() ? 1.0 : examples.weights[row];
    }
  }
  if (!settings_.parameters.logistic() && settings_.parameters.standardize) {
    fresh.scale_label(examples);
  }
  RTML_TRY(fresh.check_moments());
  fresh.state_.rows = static_cast<std::int64_t>(rows);
  std::vector<double> inputs(rows * coordinates());
  for (std::size_t row = 0; row < rows; ++row) {
    fresh.standardize(examples.features.row(row), inputs.data() + row * coordinates());
  }
  RTML_TRY(fresh.run_epochs(inputs, examples, check));
  state_ = std::move(fresh.state_);
  return {};
}

Status Learner::update(const Examples& examples, const Check& check) {
  RTML_TRY(check_examples(examples, false));
  const Parameters& parameters = settings_.parameters;
  Learner next = *this;
  Stepper stepper(parameters, &next.state_);
  std::vector<double> inputs(coordinates());
  for (std::size_t row = 0; row < examples.labels.size(); ++row) {
    if (row % kRowsPerCheck == 0) RTML_TRY(check());
    State& state = next.state_;
    const double label = examples.labels[row];
    next.learn_moments(examples.features.row(row));
    ++state.rows;
    if (parameters.logistic()) {
      state.class_weight[label == 1.0] += examples.weights.empty() ? 1.0 : examples.weights[row];
    }
    next.standardize(examples.features.row(row), inputs.data());
    const double margin = dot(state.weights, inputs.data());
    stepper.set_rows_per_pass(static_cast<double>(state.rows));
    stepper.step(inputs.data(), next.slope(margin, label) * next.example_weight(examples, row));
  }
  RTML_TRY(next.check_moments());
  if (!all_finite(next.state_.weights)) return diverged();
  state_ = std::move(next.state_);
  return {};
}

std::vector<double> Learner::predict(const Matrix& features) const {
  std::vector<double> predictions;
  predictions.reserve(features.rows());
  std::vector<double> inputs(coordinates());
  for (std::size_t row = 0; row < features.rows(); ++row) {
    const std::span<const double> values = features.row(row);
    if (std::any_of(values.begin(), values.end(), [](double value) { return std::isinf(value); })) {
      predictions.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    standardize(values, inputs.data());
    const double margin = dot(state_.weights, inputs.data());
    predictions.push_back(settings_.parameters.logistic()
                              ? sigmoid(margin)
                              : state_.label_mean + state_.label_scale * margin);
  }
  return predictions;
}

Json Learner::describe() const {
  const Parameters& parameters = settings_.parameters;
  Json coefficients = Json::array();
  double intercept = state_.weights.back();
  for (std::size_t feature = 0; feature < features(); ++feature) {
    const FeatureMoments& moments = state_.moments[feature];
    const double weight = state_.weights[feature];
    double coefficient = weight;
    if (parameters.standardize) {
      coefficient = moments.variance > 0.0 ? weight / moments.deviation() : 0.0;
      intercept -= coefficient * moments.mean;
    }
    Json entry{{"feature", settings_.feature_names[feature]},
               {"coefficient", coefficient * state_.label_scale},
               {"weight", weight},
               {"mean", moments.mean},
               {"deviation", moments.deviation()},
               {"nulls", state_.rows - moments.count}};
    if (parameters.null_indicator) {
      entry["null_coefficient"] = state_.weights[features() + feature] * state_.label_scale;
    }
    coefficients.push_back(std::move(entry));
  }
  Json description{{"loss", parameters.loss},
                   {"optimizer", parameters.optimizer},
                   {"rows", state_.rows},
                   {"intercept", state_.label_mean + state_.label_scale * intercept},
                   {"coefficients", std::move(coefficients)}};
  if (state_.epochs > 0) {
    description["epochs"] = state_.epochs;
    description["converged"] = state_.converged;
    description["objective"] = state_.objective;
  }
  return description;
}

}  // namespace rtml::linear
