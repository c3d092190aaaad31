// Whether a candidate model may replace the champion: both, and trivial baselines, scored on the
// same test rows.
//
// judge() is a pure function of predictions; core/gate/run_gate.h gets them for a training run.
// The verdict has three outcomes, and "cannot tell" is never a pass.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/metric/metric.h"

namespace rtml::gate {

enum class Outcome : std::uint8_t { kPass, kFail, kCannotTell };
std::string_view to_string(Outcome outcome);  // "pass", "fail", "cannot-tell".

// What a candidate must show.
struct Rule {
  std::string metric = "average_precision";
  // The least difference to the champion, in the metric's unit, towards better; may be negative.
  // A baseline must also be beaten by more than 0.
  double min_delta = 0.0;
  double threshold = 0.5;  // At and above it a score is class 1.
  // With fewer test rows of either class (of rows, for regression) the gate cannot tell.
  std::int64_t min_rows_per_class = 10;
  double confidence = 0.95;       // Of the interval that is reported with a difference.
  std::int64_t replicates = 200;  // Of the bootstrap behind that interval; 0 leaves it out.
  std::uint64_t seed = 0;
};

enum class Role : std::uint8_t { kChampion, kBaseline };

// Something the candidate is compared with.
struct Contender {
  Role role = Role::kBaseline;
  std::string name;                 // "champion fraud@3", "majority", "no-change".
  std::vector<double> predictions;  // One a test row; empty if `missing` says why there are none.
  std::string missing;              // "the champion reads a column that the test rows lack: x".
};

// One contender beside the candidate.
struct Comparison {
  Role role = Role::kBaseline;
  std::string name;
  Outcome outcome = Outcome::kCannotTell;
  std::string reason;           // Why, in one line.
  std::optional<double> value;  // The contender's metric on the test rows.
  // The candidate's metric minus the contender's, turned so that above 0 is better.
  std::optional<double> difference;
  // Percentile bootstrap of the difference over rows drawn together for both models: Efron and
  // Tibshirani, An Introduction to the Bootstrap (1993), ch. 13 and 16. It treats rows as
  // independent, which rows near in time are not quite; the outcome does not depend on it.
  std::optional<double> low;
  std::optional<double> high;
};

struct Verdict {
  Outcome outcome = Outcome::kCannotTell;
  std::string reason;  // Of the outcome, in one line.
  std::string metric;
  double min_delta = 0.0;
  double confidence = 0.0;  // Of the intervals.
  std::int64_t rows = 0;
  std::int64_t positives = 0;  // Of label 1; 0 for regression.
  std::optional<double> candidate;
  std::vector<Comparison> comparisons;

  // The figures, as registry events keep them.
  Json evidence() const;
  // Nothing for a pass, kGateFailed for a fail, kCannotTell else.
  Status status() const;
};

// Compares the candidate with each contender on rows whose label is known. One contender that is
// not beaten makes the outcome fail; else one that could not be compared makes it cannot-tell.
// Without a contender the outcome is cannot-tell.
// Fails with kBadValue if the metric does not exist, kDataBadValue if a label or a prediction of
// the candidate cannot be scored. REQUIRES: as many predictions as labels for the candidate and
// each contender that has any.
Result<Verdict> judge(const Rule& rule, std::span<const double> labels,
                      std::span<const double> candidate, std::span<const Contender> contenders);

}  // namespace rtml::gate
