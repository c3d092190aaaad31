#include "core/metric/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/json.h"
#include "core/base/name.h"

namespace rtml::metric {
namespace {

constexpr std::array kMetrics = {
    Metric{"roc_auc", "area under the ROC curve", Task::kClassification, true, false},
    Metric{"average_precision", "average precision", Task::kClassification, true, false},
    Metric{"log_loss", "log loss", Task::kClassification, false, false},
    Metric{"brier", "Brier score", Task::kClassification, false, false},
    Metric{"precision", "precision", Task::kClassification, true, true},
    Metric{"recall", "recall", Task::kClassification, true, true},
    Metric{"f1", "F1", Task::kClassification, true, true},
    Metric{"accuracy", "accuracy", Task::kClassification, true, true},
    Metric{"rmse", "root mean squared error", Task::kRegression, false, false},
    Metric{"mae", "mean absolute error", Task::kRegression, false, false},
};

constexpr double kProbabilityFloor = std::numeric_limits<double>::epsilon();  // 2^-52

std::string number_text(double value) {
  return to_json_text(Json(value));
}

tl::unexpected<Error> cannot_tell(const Metric& metric, std::string_view why) {
  return fail(ErrorCode::kCannotTell,
              std::string(metric.name) + " is undefined: " + std::string(why));
}

const Metric& metric_named(std::string_view name) {
  return *std::find_if(kMetrics.begin(), kMetrics.end(),
                       [&](const Metric& metric) { return metric.name == name; });
}

}  // namespace

std::span<const Metric> metric_table() {
  return kMetrics;
}

Result<const Metric*> find_metric(std::string_view name) {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return &metric;
    names.emplace_back(metric.name);
  }
  return fail(ErrorCode::kBadValue,
              "unknown metric \"" + std::string(name) + "\"" + did_you_mean(name, names));
}

Result<ScoredRows> ScoredRows::create(Task task, std::span<const double> labels,
                                      std::span<const double> predictions, double threshold) {
  if (labels.empty()) return fail(ErrorCode::kDataEmpty, "no rows to measure predictions on");
  ScoredRows scored;
  scored.task_ = task;
  scored.threshold_ = threshold;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const bool class_label = labels[row] == 0.0 || labels[row] == 1.0;
    if (!std::isfinite(labels[row]) || (task == Task::kClassification && !class_label)) {
      return fail(ErrorCode::kDataBadValue,
                  "the label of row " + std::to_string(row + 1) + " must be " +
                      (task == Task::kClassification ? "0 or 1" : "finite") + ": " +
                      number_text(labels[row]));
    }
    if (!std::isfinite(predictions[row])) {
      return fail(ErrorCode::kDataBadValue,
                  "the prediction of row " + std::to_string(row + 1) +
                      " must be finite: " + number_text(predictions[row]));
    }
    if (task == Task::kClassification && labels[row] == 1.0) ++scored.positives_;
  }
  scored.order_.resize(labels.size());
  std::iota(scored.order_.begin(), scored.order_.end(), std::int64_t{0});
  std::stable_sort(scored.order_.begin(), scored.order_.end(), [&](std::int64_t a, std::int64_t b) {
    return predictions[static_cast<std::size_t>(a)] > predictions[static_cast<std::size_t>(b)];
  });
  scored.labels_.reserve(labels.size());
  scored.predictions_.reserve(labels.size());
  for (const std::int64_t row : scored.order_) {
    scored.labels_.push_back(labels[static_cast<std::size_t>(row)]);
    scored.predictions_.push_back(predictions[static_cast<std::size_t>(row)]);
  }
  return scored;
}

Result<double> ScoredRows::value(const Metric& metric, std::span<const double> weights) const {
  if (metric.task != task_) {
    return fail(ErrorCode::kBadValue,
                std::string(metric.name) + " is a metric of " +
                    (metric.task == Task::kClassification ? "classification" : "regression"));
  }
  if (metric.name == "roc_auc") return roc_auc(weights);
  if (metric.name == "average_precision") return average_precision(weights);
  if (metric.uses_threshold) return of_confusion(metric, weights);
  if (metric.task == Task::kRegression) return mean_error(metric, weights);
  return mean_probability_loss(metric, weights);
}

Result<double> ScoredRows::roc_auc(std::span<const double> weights) const {
  double positive = 0.0;  // Weight of the ones with a higher score.
  double negative = 0.0;
  double ordered_pairs = 0.0;
  for (std::size_t start = 0; start < labels_.size();) {
    double tied_positive = 0.0;
    double tied_negative = 0.0;
    std::size_t end = start;
    for (; end < labels_.size() && predictions_[end] == predictions_[start]; ++end) {
      (labels_[end] == 1.0 ? tied_positive : tied_negative) += weight(weights, end);
    }
    ordered_pairs += tied_negative * (positive + tied_positive / 2);
    positive += tied_positive;
    negative += tied_negative;
    start = end;
  }
  const Metric& metric = metric_named("roc_auc");
  if (positive <= 0.0) return cannot_tell(metric, "no row has label 1");
  if (negative <= 0.0) return cannot_tell(metric, "no row has label 0");
  return ordered_pairs / (positive * negative);
}

Result<double> ScoredRows::average_precision(std::span<const double> weights) const {
  double positive = 0.0;
  double all = 0.0;
  double weighted_precision = 0.0;
  for (std::size_t start = 0; start < labels_.size();) {
    double tied_positive = 0.0;
    std::size_t end = start;
    for (; end < labels_.size() && predictions_[end] == predictions_[start]; ++end) {
      const double row_weight = weight(weights, end);
      if (labels_[end] == 1.0) tied_positive += row_weight;
      all += row_weight;
    }
    positive += tied_positive;
    if (tied_positive > 0.0) weighted_precision += tied_positive * (positive / all);
    start = end;
  }
  if (positive <= 0.0) return cannot_tell(metric_named("average_precision"), "no row has label 1");
  return weighted_precision / positive;
}

Result<double> ScoredRows::mean_probability_loss(const Metric& metric,
                                                 std::span<const double> weights) const {
  if (predictions_.front() > 1.0 || predictions_.back() < 0.0) {
    const double wrong = predictions_.front() > 1.0 ? predictions_.front() : predictions_.back();
    return fail(ErrorCode::kDataBadValue,
                std::string(metric.name) + " needs scores within [0, 1]: " + number_text(wrong));
  }
  const bool squared = metric.name == "brier";
  double loss = 0.0;
  double all = 0.0;
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    const double row_weight = weight(weights, row);
    const double error = predictions_[row] - labels_[row];
    const double clipped =
        std::clamp(predictions_[row], kProbabilityFloor, 1.0 - kProbabilityFloor);
    const double row_loss =
        squared ? error * error : -std::log(labels_[row] == 1.0 ? clipped : 1.0 - clipped);
    loss += row_weight * row_loss;
    all += row_weight;
  }
  if (all <= 0.0) return cannot_tell(metric, "every row has weight 0");
  return loss / all;
}

Confusion ScoredRows::confusion(std::span<const double> weights) const {
  Confusion cells;
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    const double row_weight = weight(weights, row);
    if (predictions_[row] >= threshold_) {
      (labels_[row] == 1.0 ? cells.true_positive : cells.false_positive) += row_weight;
    } else {
      (labels_[row] == 1.0 ? cells.false_negative : cells.true_negative) += row_weight;
    }
  }
  return cells;
}

Result<double> ScoredRows::of_confusion(const Metric& metric,
                                        std::span<const double> weights) const {
  const Confusion cells = confusion(weights);
  const double said = cells.true_positive + cells.false_positive;
  const double is = cells.true_positive + cells.false_negative;
  const double all = said + cells.false_negative + cells.true_negative;
  if (all <= 0.0) return cannot_tell(metric, "every row has weight 0");
  if (metric.name == "accuracy") return (cells.true_positive + cells.true_negative) / all;
  if (metric.name == "precision") {
    if (said <= 0.0) return cannot_tell(metric, "no score reaches the threshold");
    return cells.true_positive / said;
  }
  if (metric.name == "recall") {
    if (is <= 0.0) return cannot_tell(metric, "no row has label 1");
    return cells.true_positive / is;
  }
  if (said + is <= 0.0) {
    return cannot_tell(metric, "no row has label 1 and no score reaches the threshold");
  }
  return 2.0 * cells.true_positive / (said + is);
}

Result<double> ScoredRows::mean_error(const Metric& metric, std::span<const double> weights) const {
  const bool squared = metric.name == "rmse";
  double sum = 0.0;
  double all = 0.0;
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    const double row_weight = weight(weights, row);
    const double error = std::abs(predictions_[row] - labels_[row]);
    sum += row_weight * (squared ? error * error : error);
    all += row_weight;
  }
  if (all <= 0.0) return cannot_tell(metric, "every row has weight 0");
  const double mean = squared ? std::sqrt(sum / all) : sum / all;
  if (!std::isfinite(mean)) {
    return fail(ErrorCode::kDataBadValue, std::string(metric.name) + " overflows");
  }
  return mean;
}

}  // namespace rtml::metric
