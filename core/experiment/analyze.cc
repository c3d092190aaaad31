#include "core/experiment/analyze.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ranges>

#include "core/base/name.h"
#include "core/base/number.h"
#include "core/base/text_list.h"

namespace rtml::experiment {
namespace {

using statistics::Comparison;
using statistics::Estimate;
using statistics::PairSums;

const PairSums& sums_of(const ArmResult& arm, Metric metric) {
  return arm.tally.sums[static_cast<std::size_t>(metric)];
}

class Analyst {
 public:
  Analyst(const Tally& tally, const Columns& columns, const AnalysisOptions& options)
      : tally_(tally), columns_(columns), options_(options) {}

  Result<Analysis> run() {
    RTML_TRY_ASSIGN(metrics_, choose_metrics(options_.metrics, columns_));
    RTML_TRY(line_up_arms());
    check_split();
    for (std::size_t arm = 1; arm < analysis_.arms.size(); ++arm) compare_with_control(arm);
    correct();
    for (TreatmentResult& treatment : analysis_.treatments) decide(treatment);
    decide_overall();
    warn();
    return std::move(analysis_);
  }

 private:
  Status line_up_arms();
  Result<std::string> find_control() const;
  void check_split();
  void compare_with_control(std::size_t arm);
  MetricComparison compare(Metric metric, const ArmResult& control,
                           const ArmResult& treatment) const;
  Status compare_shares(const PairSums& control, const PairSums& treatment,
                        MetricComparison& comparison) const;
  Status compare_ratios(const PairSums& control, const PairSums& treatment,
                        MetricComparison& comparison) const;
  void correct();
  void decide(TreatmentResult& treatment) const;
  void decide_overall();
  void warn();

  const Tally& tally_;
  const Columns& columns_;
  const AnalysisOptions& options_;
  std::vector<Metric> metrics_;
  Analysis analysis_;
};

Result<std::string> Analyst::find_control() const {
  std::vector<std::string> names;
  for (const ArmResult& arm : analysis_.arms) names.push_back(arm.tally.name);
  const std::string wanted = options_.control.empty() ? "control" : options_.control;
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
  if (options_.control.empty())
    return options_.arms.empty() ? names.front() : options_.arms.front().name;
  return fail(ErrorCode::kExperimentData,
              "no arm is called \"" + wanted + "\"" + did_you_mean(wanted, names));
}

Status Analyst::line_up_arms() {
  std::vector<std::string> planned;
  for (const ArmPlan& plan : options_.arms) {
    planned.push_back(plan.name);
    ArmResult& arm = analysis_.arms.emplace_back();
    arm.tally.name = plan.name;
    arm.weight = plan.weight;
  }
  for (const ArmTally& tally : tally_.arms) {
    const auto found = std::find(planned.begin(), planned.end(), tally.name);
    if (found != planned.end()) {
      analysis_.arms[static_cast<std::size_t>(found - planned.begin())].tally = tally;
    } else if (planned.empty()) {
      analysis_.arms.emplace_back().tally = tally;
    } else {
      return fail(Error(ErrorCode::kExperimentData,
                        "column " + columns_.arm + " has an arm that is not planned: " +
                            tally.name + did_you_mean(tally.name, planned))
                      .with_help("give every arm a weight; 0 leaves it out of the split"));
    }
  }
  if (analysis_.arms.size() < 2) {
    return fail(ErrorCode::kExperimentData, "an experiment needs two arms; column " + columns_.arm +
                                                " has " + std::to_string(analysis_.arms.size()));
  }
  RTML_TRY_ASSIGN(analysis_.control, find_control());
  for (ArmResult& arm : analysis_.arms) {
    arm.is_control = arm.tally.name == analysis_.control;
    for (const Metric metric : metrics_) {
      const PairSums& sums = sums_of(arm, metric);
      MetricValue value{metric, sums.numerator.sum, sums.denominator.sum, {}};
      if (value.denominator != 0) value.value = value.numerator / value.denominator;
      arm.metrics.push_back(value);
    }
  }
  std::stable_sort(
      analysis_.arms.begin(), analysis_.arms.end(), [](const ArmResult& a, const ArmResult& b) {
        return a.is_control != b.is_control ? a.is_control : a.tally.name < b.tally.name;
      });
  return {};
}

void Analyst::check_split() {
  std::vector<std::int64_t> observed;
  std::vector<double> weights;
  for (const ArmResult& arm : analysis_.arms) {
    observed.push_back(arm.tally.units);
    weights.push_back(arm.weight);
  }
  analysis_.mismatch = statistics::sample_ratio_mismatch(observed, weights);
  analysis_.split_is_broken = analysis_.mismatch.p < options_.mismatch_alpha;
}

// Shares of rows: the pooled z test, where either outcome is expected often enough in each arm.
Status Analyst::compare_shares(const PairSums& control, const PairSums& treatment,
                               MetricComparison& comparison) const {
  const auto whole = [](double value) { return std::llround(value); };
  const double successes = control.numerator.sum + treatment.numerator.sum;
  const double trials = control.denominator.sum + treatment.denominator.sum;
  const double smaller = std::min(control.denominator.sum, treatment.denominator.sum);
  const double rarer = std::min(successes, trials - successes);
  if (trials == 0 || rarer / trials * smaller < kMinExpectedCount) {
    return fail(ErrorCode::kCannotTell, "too few rows: " + std::to_string(whole(smaller)) +
                                            " in the smaller arm, " + std::to_string(whole(rarer)) +
                                            " of the rarer outcome in both");
  }
  comparison.test = "two_proportion_z";
  RTML_TRY_ASSIGN(
      comparison.difference,
      statistics::two_proportions(whole(control.numerator.sum), whole(control.denominator.sum),
                                  whole(treatment.numerator.sum), whole(treatment.denominator.sum),
                                  options_.alpha));
  const auto lift = statistics::welch_lift(
      statistics::share_of(whole(control.numerator.sum), whole(control.denominator.sum)),
      statistics::share_of(whole(treatment.numerator.sum), whole(treatment.denominator.sum)),
      options_.alpha);
  if (lift) comparison.lift = *lift;
  return {};
}

Status Analyst::compare_ratios(const PairSums& control, const PairSums& treatment,
                               MetricComparison& comparison) const {
  comparison.test = "welch";
  RTML_TRY_ASSIGN(const Estimate before, statistics::ratio_of(control));
  RTML_TRY_ASSIGN(const Estimate after, statistics::ratio_of(treatment));
  RTML_TRY_ASSIGN(comparison.difference, statistics::welch(before, after, options_.alpha));
  const auto lift = statistics::welch_lift(before, after, options_.alpha);
  if (lift) comparison.lift = *lift;
  return {};
}

MetricComparison Analyst::compare(Metric metric, const ArmResult& control,
                                  const ArmResult& treatment) const {
  MetricComparison comparison;
  comparison.metric = metric;
  const ArmResult& smaller = control.tally.units < treatment.tally.units ? control : treatment;
  if (smaller.tally.units < options_.min_rows) {
    comparison.reason = "arm " + smaller.tally.name + " has " +
                        std::to_string(smaller.tally.units) + " units, " +
                        std::to_string(options_.min_rows) + " needed";
    return comparison;
  }
  const bool by_rows = columns_.unit.empty();
  // Without a value column the capture rate is the recall.
  const bool is_share =
      describe(metric).is_share || (metric == Metric::kCaptureRate && columns_.value.empty());
  const PairSums& before = sums_of(control, metric);
  const PairSums& after = sums_of(treatment, metric);
  const Status compared = by_rows && is_share ? compare_shares(before, after, comparison)
                                              : compare_ratios(before, after, comparison);
  if (!compared) comparison.reason = compared.error().message();
  return comparison;
}

void Analyst::compare_with_control(std::size_t arm) {
  TreatmentResult& treatment = analysis_.treatments.emplace_back();
  treatment.arm = analysis_.arms[arm].tally.name;
  for (const Metric metric : metrics_) {
    treatment.metrics.push_back(compare(metric, analysis_.arms.front(), analysis_.arms[arm]));
  }
}

void Analyst::correct() {
  std::vector<MetricComparison*> tested;
  std::vector<double> p_values;
  for (TreatmentResult& treatment : analysis_.treatments) {
    for (MetricComparison& comparison : treatment.metrics) {
      if (!comparison.difference) continue;
      tested.push_back(&comparison);
      p_values.push_back(comparison.difference->p);
    }
  }
  const std::vector<double> adjusted = statistics::holm_adjusted(p_values);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->adjusted_p = adjusted[i];
}

void Analyst::decide(TreatmentResult& treatment) const {
  bool better = false;
  bool worse = false;
  bool different = false;
  bool unknown = false;
  for (MetricComparison& comparison : treatment.metrics) {
    if (analysis_.split_is_broken) {
      comparison.reason = "the split is broken";
    } else if (comparison.difference) {
      const Better side = describe(comparison.metric).better;
      const bool higher = comparison.difference->estimate > 0;
      comparison.outcome = *comparison.adjusted_p >= options_.alpha ? Outcome::kNoDifference
                           : side == Better::kNeither               ? Outcome::kDifferent
                           : higher == (side == Better::kHigher)    ? Outcome::kBetter
                                                                    : Outcome::kWorse;
    }
    better = better || comparison.outcome == Outcome::kBetter;
    worse = worse || comparison.outcome == Outcome::kWorse;
    different = different || comparison.outcome == Outcome::kDifferent;
    unknown = unknown || comparison.outcome == Outcome::kCannotTell;
  }
  // A treatment that is worse somewhere is known to be; to call it better, or no different, every
  // metric must have been decided.
  treatment.outcome = worse       ? (better ? Outcome::kMixed : Outcome::kWorse)
                      : unknown   ? Outcome::kCannotTell
                      : better    ? Outcome::kBetter
                      : different ? Outcome::kDifferent
                                  : Outcome::kNoDifference;
}

void Analyst::decide_overall() {
  if (analysis_.split_is_broken) {
    analysis_.reason = "the arms did not get their shares of the units (p = " +
                       format_brief(analysis_.mismatch.p) + "), so they cannot be compared";
    return;
  }
  // From what must be acted on to what need not.
  constexpr Outcome kOrder[] = {Outcome::kCannotTell,   Outcome::kWorse,     Outcome::kMixed,
                                Outcome::kNoDifference, Outcome::kDifferent, Outcome::kBetter};
  for (const Outcome outcome : kOrder) {
    const std::string names =
        text_list(analysis_.treatments | std::views::filter([&](const TreatmentResult& treatment) {
                    return treatment.outcome == outcome;
                  }),
                  &TreatmentResult::arm);
    if (names.empty()) continue;
    analysis_.outcome = outcome;
    switch (outcome) {
      case Outcome::kCannotTell:
        analysis_.reason = "too little to compare " + names + " with " + analysis_.control;
        break;
      case Outcome::kMixed:
        analysis_.reason =
            names + " is better than " + analysis_.control + " in one metric, worse in another";
        break;
      case Outcome::kDifferent:
        analysis_.reason = names + " differs from " + analysis_.control;
        break;
      case Outcome::kNoDifference:
        analysis_.reason = "no difference found between " + names + " and " + analysis_.control;
        break;
      default:
        analysis_.reason =
            names + " is " + std::string(to_string(outcome)) + " than " + analysis_.control;
    }
    return;
  }
}

void Analyst::warn() {
  const auto warn_if = [&](std::int64_t count, const std::string& text) {
    if (count > 0) analysis_.warnings.push_back(std::to_string(count) + " " + text);
  };
  warn_if(tally_.rows_without_arm, "rows name no arm and were left out");
  warn_if(tally_.rows_without_unit, "rows name no unit and were left out");
  warn_if(tally_.units_in_many_arms,
          "units were in more than one arm and count for the first; effects are diluted");
  std::int64_t unlabelled = 0;
  std::int64_t unscored = 0;
  for (const ArmResult& arm : analysis_.arms) {
    unlabelled += arm.tally.missing_labels;
    unscored += arm.tally.missing_scores;
  }
  warn_if(unlabelled, "rows have no label yet and count for the split only");
  warn_if(unscored, "rows have no score and count for the split only");
  // Labels that come later for one arm than for the other select the rows that are compared.
  for (std::size_t i = 1; i < analysis_.arms.size(); ++i) {
    const ArmTally& control = analysis_.arms.front().tally;
    const ArmTally& arm = analysis_.arms[i].tally;
    const auto rates = statistics::two_proportions(control.missing_labels, control.rows,
                                                   arm.missing_labels, arm.rows, options_.alpha);
    if (rates && rates->p < options_.mismatch_alpha) {
      analysis_.warnings.push_back("labels are missing at different rates in " + control.name +
                                   " and " + arm.name + ": the comparison may be biased");
    }
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 6> kNames = {"better",        "worse", "different",
                                                      "no_difference", "mixed", "cannot_tell"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Result<std::vector<Metric>> choose_metrics(const std::vector<Metric>& asked,
                                           const Columns& columns) {
  const bool has_class =
      !columns.label.empty() && !(columns.score.empty() && columns.prediction.empty());
  const auto lacks = [&](const MetricInfo& metric) {
    return (metric.needs_class && !has_class) || (metric.needs_value && columns.value.empty());
  };
  for (const Metric metric : asked) {
    const MetricInfo& info = describe(metric);
    if (!lacks(info)) continue;
    return fail(ErrorCode::kBadValue,
                std::string(info.name) + " needs " +
                    (info.needs_class ? "a label and a score or prediction" : "a value column"));
  }
  if (!asked.empty()) return asked;
  std::vector<Metric> metrics;
  for (const MetricInfo& metric : metric_table()) {
    if (!lacks(metric)) metrics.push_back(metric.metric);
  }
  if (!metrics.empty()) return metrics;
  return fail(Error(ErrorCode::kBadValue, "nothing to compare: no metric can be computed")
                  .with_help("give --label with --score or --prediction, or --value"));
}

Result<Analysis> analyze(const Tally& tally, const Columns& columns,
                         const AnalysisOptions& options) {
  return Analyst(tally, columns, options).run();
}

}  // namespace rtml::experiment
