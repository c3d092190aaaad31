// The parameters of a linear model: one table, from which they are read and described.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::linear {

// With `n` rows of weight v_i the model minimises
//   sum_i v_i loss(y_i, w x_i + b) + l1 |w|_1 + l2/2 |w|_2^2
// over standardised features x; the intercept b carries no penalty. The loss is ln(1 + e^-ym) for
// logistic (y as -1 and 1), (y - m)^2 / 2 for squared.
struct Parameters {
  std::string loss = "logistic";                    // "logistic", "squared".
  std::string optimizer = "ftrl";                   // "ftrl", "adagrad", "sgd".
  std::optional<double> learning_rate;              // Nothing: 0.3; 0.01 for sgd.
  std::string learning_rate_schedule = "constant";  // "constant", "inverse_scaling".
  double learning_rate_power = 0.5;                 // Of inverse_scaling.
  std::optional<double> intercept_learning_rate;    // Nothing: learnt as a weight is.
  double ftrl_beta = 1.0;
  double l1 = 0.0;
  double l2 = 1.0;
  std::int64_t epochs = 100;
  double tolerance = 1e-5;
  bool average = true;
  bool shuffle = true;
  bool standardize = true;
  std::string class_weight = "none";  // "none", "balanced".
  double positive_weight = 1.0;
  bool null_indicator = false;

  bool logistic() const { return loss == "logistic"; }
  double rate() const { return learning_rate.value_or(optimizer == "sgd" ? 0.01 : 0.3); }
};

// Reads a JSON object; absent members keep their defaults. Fails with kBadValue at a name that is
// no parameter (naming the nearest) or a value that it does not take.
Result<Parameters> parse_parameters(const Json& json);

// Writes every parameter, so that parse_parameters() gives the same again.
Json to_json(const Parameters& parameters);

// The parameters as a JSON Schema.
Json parameter_schema();

}  // namespace rtml::linear
