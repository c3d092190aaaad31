// Reads the rows of an experiment into the sums that every figure of it is computed from.
//
// A metric is a ratio of two sums over the units that were randomised: rows, or what `unit` names
// (a customer with many rows counts once, so that their likeness does not pass for evidence).
// Memory: a few numbers an arm, and about 200 bytes a unit where there are units. For one thread.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/statistics/comparison.h"
#include "core/table/batch.h"

namespace rtml::experiment {

enum class Metric : std::uint8_t {
  kPrecision,
  kRecall,
  kF1,
  kCaptureRate,
  kFalsePositiveRate,
  kMeanValue,
};
inline constexpr std::size_t kMetricCount = 6;

enum class Better : std::uint8_t { kHigher, kLower, kNeither };

// A row of the table of metrics.
struct MetricInfo {
  Metric metric;
  std::string_view name;  // "capture_rate", as experiments/*.yaml and --metric write it.
  Better better;
  bool needs_class;  // Needs a label and a score or prediction,
  bool needs_value;  // or the value column.
  // A share of rows, for which the z test of two proportions holds where rows are the units.
  bool is_share;
  std::string_view meaning;
};
const std::vector<MetricInfo>& metric_table();
const MetricInfo& describe(Metric metric);
// Fails with kBadValue, naming the nearest metric.
Result<Metric> find_metric(std::string_view name);

// The columns of the analysed rows; an empty name: there is none.
struct Columns {
  std::string arm;
  std::string label;       // 0, 1 or BOOL; null: not known yet.
  std::string score;       // Class 1 at and above `threshold`; null: no answer.
  std::string prediction;  // 0, 1 or BOOL, instead of a score.
  std::string value;       // A number; weighs the capture rate, and its mean is compared.
  std::string unit;        // STRING or integer.
  double threshold = 0.5;
};

struct ArmTally {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t units = 0;  // Equal to rows where rows are the units.
  std::int64_t missing_labels = 0;
  std::int64_t missing_scores = 0;  // Of rows whose label is known.
  std::int64_t missing_values = 0;
  // The confusion matrix over rows with label and score.
  std::int64_t true_positives = 0;
  std::int64_t false_positives = 0;
  std::int64_t false_negatives = 0;
  std::int64_t true_negatives = 0;
  // Numerator and denominator of each metric, summed over units.
  std::array<statistics::PairSums, kMetricCount> sums;

  std::int64_t scored() const {
    return true_positives + false_positives + false_negatives + true_negatives;
  }
};

struct Tally {
  std::vector<ArmTally> arms;           // By name.
  std::int64_t rows_without_arm = 0;    // Null; in no arm.
  std::int64_t rows_without_unit = 0;   // Null; in no arm.
  std::int64_t units_in_many_arms = 0;  // Counted in the first arm they were seen in.
};

// More different arms than this are no arms.
inline constexpr std::size_t kMaxArms = 50;

// Reads `rows` to its end; `what` names them in errors. Fails with kDataMissingColumn,
// kDataWrongType, kExperimentData at a label or prediction that is no class, a value that is not
// finite, or too many arms.
Result<Tally> tally(table::BatchReader& rows, const Columns& columns, std::string_view what);

}  // namespace rtml::experiment
