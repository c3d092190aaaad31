// How good predictions are: one table of metrics, and their values on rows whose label is known.
//
// A metric that its rows do not define (the AUC of one class, the precision of a model that never
// says yes) is kCannotTell and never a number. Values; free of locks, any thread may use them.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::metric {

enum class Task : std::uint8_t { kClassification, kRegression };

// A row of the table of metrics.
struct Metric {
  std::string_view name;  // "roc_auc", as pipelines write it.
  std::string_view title;
  Task task;
  bool higher_is_better;
  bool uses_threshold;  // Reads the class that a threshold makes of a score.
};

// Returns every metric, in the order in which reports show them.
std::span<const Metric> metric_table();

// Returns the metric of that name. Fails with kBadValue, naming the nearest one.
Result<const Metric*> find_metric(std::string_view name);

// Rows that the threshold put into the four cells, by weight.
struct Confusion {
  double true_positive = 0.0;
  double false_positive = 0.0;
  double false_negative = 0.0;
  double true_negative = 0.0;
};

// Labels with the predictions for them, checked and sorted once, so that many metrics, or one
// metric under many weightings, cost a pass each.
class ScoredRows {
 public:
  // For classification labels are 0 or 1 and predictions are scores, higher meaning class 1; a
  // score at or above `threshold` is class 1. For regression both are values.
  // Fails with kDataEmpty without rows, kDataBadValue at a label or prediction that is not finite
  // or a label that is no class. REQUIRES: as many predictions as labels.
  static Result<ScoredRows> create(Task task, std::span<const double> labels,
                                   std::span<const double> predictions, double threshold = 0.5);

  Task task() const { return task_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(labels_.size()); }
  std::int64_t positives() const { return positives_; }

  // The metric over all rows, row i of create() counting `weights[i]` times (each finite and 0 or
  // more; empty: once).
  //
  //   roc_auc            P(score of a 1 > score of a 0) + P(equal) / 2, by mid-ranks: Hanley and
  //                      McNeil, Radiology 143 (1982); as scikit-learn's roc_auc_score.
  //   average_precision  sum over distinct scores of (R_k - R_{k-1}) P_k, without interpolation,
  //                      rows of one score taken together; as scikit-learn's
  //                      average_precision_score.
  //   log_loss           -mean(ln p of the true class), natural, p clipped to [2^-52, 1 - 2^-52] as
  //                      scikit-learn 1.3 and later clip double scores. Needs scores within [0, 1].
  //   brier              mean((p - y)^2): Brier, Monthly Weather Review 78 (1950), for two classes
  //                      as scikit-learn counts it. Needs scores within [0, 1].
  //   precision, recall, f1, accuracy    of the classes at the threshold.
  //   rmse, mae          root of the mean squared error; mean absolute error.
  //
  // Fails with kCannotTell where the metric is undefined, kBadValue if it belongs to the other
  // task, kDataBadValue if scores are outside [0, 1] or errors overflow.
  Result<double> value(const Metric& metric, std::span<const double> weights = {}) const;

  // REQUIRES: classification.
  Confusion confusion(std::span<const double> weights = {}) const;

 private:
  ScoredRows() = default;
  Result<double> average_precision(std::span<const double> weights) const;
  Result<double> roc_auc(std::span<const double> weights) const;
  Result<double> mean_probability_loss(const Metric& metric, std::span<const double> weights) const;
  Result<double> of_confusion(const Metric& metric, std::span<const double> weights) const;
  Result<double> mean_error(const Metric& metric, std::span<const double> weights) const;

  // The weight of the row in place `sorted`.
  double weight(std::span<const double> weights, std::size_t sorted) const {
    return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(order_[sorted])];
  }

  Task task_ = Task::kClassification;
  double threshold_ = 0.5;
  std::int64_t positives_ = 0;
  // By falling prediction; rows of one prediction in their own order.
  std::vector<double> labels_;
  std::vector<double> predictions_;
  std::vector<std::int64_t> order_;  // The row of create() in each place.
};

}  // namespace rtml::metric
