// What an experiment says: each arm's figures, each treatment against the control, and a verdict.
//
// The tests are for one look at a planned end: looking again and again at a running experiment and
// stopping at the first small p-value finds differences that are not there. docs/experiments.md
// explains every figure. A verdict can be computed again from the sums in the result.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/experiment/tally.h"
#include "core/statistics/comparison.h"

namespace rtml::experiment {

struct ArmPlan {
  std::string name;
  double weight = 1;  // Its part of the traffic, in any unit; 0: not part of the split.
};

struct AnalysisOptions {
  std::string control;           // Empty: "control" if there is such an arm, else the first planned
                                 // one, else the first by name.
  std::vector<ArmPlan> arms;     // Empty: the arms of the rows, with equal weights.
  std::vector<Metric> metrics;   // Empty: every metric that the columns allow.
  double alpha = 0.05;           // Two-sided, for all comparisons together (Holm).
  std::int64_t min_rows = 100;   // With fewer units an arm cannot be compared.
  double mismatch_alpha = 1e-3;  // Below it the split itself is broken.
};

// The least number of rows of either outcome, in both arms together, for a z test of shares.
inline constexpr double kMinExpectedCount = 5;

enum class Outcome : std::uint8_t {
  kBetter,
  kWorse,
  kDifferent,     // In a metric without a better side.
  kNoDifference,  // None was found; the interval says how large one could be.
  kMixed,         // Of a treatment: better in one metric and worse in another.
  kCannotTell,
};
std::string_view to_string(Outcome outcome);  // "better", …, "no_difference", "cannot_tell".

struct MetricValue {
  Metric metric;
  double numerator = 0;
  double denominator = 0;
  std::optional<double> value;  // Nothing where the denominator is 0.
};

struct ArmResult {
  ArmTally tally;
  double weight = 1;
  bool is_control = false;
  std::vector<MetricValue> metrics;
};

struct MetricComparison {
  Metric metric;
  Outcome outcome = Outcome::kCannotTell;
  std::string test;                                  // "two_proportion_z" or "welch".
  std::optional<statistics::Comparison> difference;  // Treatment minus control.
  std::optional<statistics::Comparison> lift;        // The same relative to |control|.
  std::optional<double> adjusted_p;
  std::string reason;  // Of kCannotTell, in one line.
};

struct TreatmentResult {
  std::string arm;
  Outcome outcome = Outcome::kCannotTell;
  std::vector<MetricComparison> metrics;
};

struct Analysis {
  Outcome outcome = Outcome::kCannotTell;  // Of the worst treatment.
  std::string reason;                      // In one line.
  std::string control;
  std::vector<ArmResult> arms;  // The control first, then by name.
  statistics::RatioMismatch mismatch;
  bool split_is_broken = false;
  std::vector<TreatmentResult> treatments;
  std::vector<std::string> warnings;
};

// The metrics to compare: those asked for, or all that the columns allow. Fails with kBadValue if
// one needs a column that `columns` lacks, or if there is none.
Result<std::vector<Metric>> choose_metrics(const std::vector<Metric>& asked,
                                           const Columns& columns);

// Analyses the sums. Fails with kExperimentData if there are fewer than two arms, the control is
// not among them, or the rows have an arm that is not planned; else as choose_metrics().
Result<Analysis> analyze(const Tally& tally, const Columns& columns,
                         const AnalysisOptions& options);

// The analysis as `rtml abtest analyze --output json` prints it.
Json to_json(const Analysis& analysis, const Columns& columns, const AnalysisOptions& options);

}  // namespace rtml::experiment
