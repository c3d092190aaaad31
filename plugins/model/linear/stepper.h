// One gradient step of each optimizer.
//
// FTRL-Proximal: McMahan et al., Ad Click Prediction: a View from the Trenches, KDD 2013, algorithm
// 1, per coordinate. AdaGrad: Duchi, Hazan and Singer, JMLR 12 (2011), diagonal, with its composite
// update for l1 (section 5). sgd takes l1 by the same soft threshold: Langford, Li and Zhang, JMLR
// 10 (2009). The last coordinate is the intercept and carries no penalty.

#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "plugins/model/linear/learner.h"

namespace rtml::linear {

class Learner::Stepper {
 public:
  // `state` must outlive the stepper.
  Stepper(const Parameters& parameters, State* state)
      : state_(state),
        kind_(parameters.optimizer == "ftrl"      ? Kind::kFtrl
              : parameters.optimizer == "adagrad" ? Kind::kAdaGrad
                                                  : Kind::kSgd),
        rate_(parameters.rate()),
        beta_(parameters.ftrl_beta),
        l1_(parameters.l1 / state->label_scale),
        l2_(parameters.l2),
        power_(parameters.learning_rate_schedule == "constant" ? 0.0
                                                               : parameters.learning_rate_power),
        intercept_rate_(parameters.intercept_learning_rate.value_or(0.0)) {}

  // Says over how many steps sgd and adagrad spread the penalties.
  void set_rows_per_pass(double rows) { share_ = 1.0 / rows; }

  // Steps along -slope * inputs, the gradient of one row's loss.
  void step(const double* inputs, double slope) {
    ++state_->steps;
    const std::size_t last = state_->weights.size() - 1;
    switch (kind_) {
      case Kind::kFtrl:
        for (std::size_t index = 0; index < last; ++index) {
          step_ftrl(index, slope * inputs[index], l1_ * state_->passes, l2_ * state_->passes);
        }
        break;
      case Kind::kAdaGrad:
        for (std::size_t index = 0; index < last; ++index)
          step_adagrad(index, slope * inputs[index]);
        break;
      case Kind::kSgd: {
        const double rate = sgd_rate();
        for (std::size_t index = 0; index < last; ++index) {
          step_sgd(index, slope * inputs[index], rate);
        }
        break;
      }
    }
    step_intercept(last, slope);
  }

  // Makes `weights` the model's and has ftrl go on from there: its z follows from its weights.
  void move_to(const std::vector<double>& weights) {
    state_->weights = weights;
    if (kind_ != Kind::kFtrl) return;
    for (std::size_t index = 0; index < weights.size(); ++index) {
      const bool intercept = index + 1 == weights.size();
      if (intercept && intercept_rate_ > 0.0) continue;
      if (weights[index] == 0.0) continue;  // Its z is within the threshold, and stays.
      const double l1 = intercept ? 0.0 : l1_ * state_->passes;
      const double l2 = intercept ? 0.0 : l2_ * state_->passes;
      const double stiffness = (beta_ + std::sqrt(state_->squares[index])) / rate_ + l2;
      state_->linear[index] = -weights[index] * stiffness - std::copysign(l1, weights[index]);
    }
  }

 private:
  enum class Kind { kFtrl, kAdaGrad, kSgd };

  static double soft_threshold(double value, double width) {
    return std::copysign(std::max(std::abs(value) - width, 0.0), value);
  }

  void step_ftrl(std::size_t index, double gradient, double l1, double l2) {
    double& squares = state_->squares[index];
    double& linear = state_->linear[index];
    const double root_before = std::sqrt(squares);
    squares += gradient * gradient;
    const double root = std::sqrt(squares);
    linear += gradient - (root - root_before) / rate_ * state_->weights[index];
    state_->weights[index] = std::abs(linear) <= l1 ? 0.0
                                                    : -(linear - std::copysign(l1, linear)) /
                                                          ((beta_ + root) / rate_ + l2);
  }

  void step_adagrad(std::size_t index, double gradient) {
    double& weight = state_->weights[index];
    gradient += share_ * l2_ * weight;
    state_->squares[index] += gradient * gradient;
    // The constant is that of River's AdaGrad.
    const double rate = rate_ / std::sqrt(state_->squares[index] + 1e-8);
    weight -= rate * gradient;
    if (l1_ > 0.0) weight = soft_threshold(weight, rate * share_ * l1_);
  }

  double sgd_rate() const {
    if (power_ == 0.0) return rate_;
    return rate_ / std::pow(static_cast<double>(state_->steps), power_);
  }

  void step_sgd(std::size_t index, double gradient, double rate) {
    double& weight = state_->weights[index];
    gradient += share_ * l2_ * weight;
    weight -= rate * gradient;
    if (l1_ > 0.0) weight = soft_threshold(weight, rate * share_ * l1_);
  }

  void step_intercept(std::size_t index, double gradient) {
    if (intercept_rate_ > 0.0) {
      state_->weights[index] -= intercept_rate_ * gradient;
      return;
    }
    switch (kind_) {
      case Kind::kFtrl:
        return step_ftrl(index, gradient, 0.0, 0.0);
      case Kind::kAdaGrad:
        state_->squares[index] += gradient * gradient;
        state_->weights[index] -= rate_ / std::sqrt(state_->squares[index] + 1e-8) * gradient;
        return;
      case Kind::kSgd:
        state_->weights[index] -= sgd_rate() * gradient;
        return;
    }
  }

  State* state_;
  Kind kind_;
  double rate_;
  double beta_;
  double l1_;
  double l2_;
  double power_;
  double intercept_rate_;
  double share_ = 1.0;
};

}  // namespace rtml::linear
