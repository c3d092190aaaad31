// A linear model that learns by stochastic gradients: logistic regression and least squares.
//
// Two ways to learn: fit() sees all rows first and makes passes until the objective stands still;
// update() takes rows one at a time, in their order, for ever. Splitting rows over several calls of
// update(), or saving and loading between them, changes no bit.
//
// A null feature counts as the mean of those seen (0 once standardised). For one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "plugins/model/linear/parameters.h"
#include "plugins/model/linear/standardizer.h"

namespace rtml::linear {

struct Settings {
  Parameters parameters;
  std::vector<std::string> feature_names;
  std::uint64_t seed = 0;
};

// Rows of features one after another, kNull for a null.
struct Matrix {
  std::size_t columns = 0;
  std::vector<double> values;  // rows * columns.

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  std::span<const double> row(std::size_t index) const {
    return {values.data() + index * columns, columns};
  }
};

// Rows to learn from. `weights` may be empty: 1 each.
struct Examples {
  const Matrix& features;
  std::span<const double> labels;
  std::span<const double> weights;
};

// Fails when learning should stop: cancelled, or too late.
using Check = std::function<Status()>;

// What learning has made; everything that load() must bring back.
struct State {
  std::int64_t rows = 0;        // Learnt from, each once however many passes there were.
  std::int64_t steps = 0;       // Gradient steps.
  double class_weight[2] = {};  // Weight of the rows of label 0 and 1.
  double passes = 1.0;          // Of fit(): how often each row's loss is in the sums below.
  double label_mean = 0.0;      // Of fit() for squared loss; the label is learnt standardised.
  double label_scale = 1.0;
  std::vector<FeatureMoments> moments;  // One a feature.
  // Of each feature, each null indicator, and last the intercept.
  std::vector<double> weights;
  std::vector<double> squares;  // Sums of squared gradients; of ftrl and adagrad.
  std::vector<double> linear;   // The z of ftrl.
  std::int64_t epochs = 0;      // Passes that fit() made; 0 if it did not.
  bool converged = false;       // fit() stopped by itself.
  double objective = 0.0;       // Of fit(), divided by the weight of the rows.
};

class Learner {
 public:
  // A model that has learnt nothing and predicts 0.5, or 0.
  explicit Learner(Settings settings);

  // Learns from scratch. Fails with kTrainingData if there is no row, a label or feature is not
  // finite, a label is no class, all labels are one class, or learning diverged; with what `check`
  // fails with. The model is then as before.
  Status fit(const Examples& examples, const Check& check);

  // Learns on. Fails as fit() does, but for labels of one class.
  Status update(const Examples& examples, const Check& check);

  // One value a row: the probability of label 1, or the number. NaN for a row with a feature that
  // is not finite.
  std::vector<double> predict(const Matrix& features) const;

  // Bytes as docs/formats/linear_model.md says.
  std::string save() const;
  // Fails with kModelArtifact if the bytes are anything else.
  static Result<Learner> load(std::string_view bytes);

  // Coefficients in the features' own units, and how learning went.
  Json describe() const;

  const Settings& settings() const { return settings_; }
  const State& state() const { return state_; }

 private:
  class Stepper;

  std::size_t features() const { return settings_.feature_names.size(); }
  std::size_t coordinates() const;
  Status check_moments() const;
  Status check_examples(const Examples& examples, bool both_classes) const;
  void standardize(std::span<const double> row, double* inputs) const;
  void learn_moments(std::span<const double> row);
  double example_weight(const Examples& examples, std::size_t row) const;
  double objective(const std::vector<double>& inputs, const Examples& examples,
                   const std::vector<double>& weights) const;
  Status run_epochs(const std::vector<double>& inputs, const Examples& examples,
                    const Check& check);
  Status run_epoch(const std::vector<double>& inputs, const Examples& examples,
                   std::span<const std::size_t> order, const Check& check, Stepper* stepper,
                   std::vector<double>* mean_weights);
  double slope(double margin, double label) const;
  void scale_label(const Examples& examples);

  Settings settings_;
  State state_;
};

}  // namespace rtml::linear
