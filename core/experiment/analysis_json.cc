// The analysis as `rtml abtest analyze --output json` prints it.

#include "core/experiment/analyze.h"

namespace rtml::experiment {
namespace {

Json comparison_json(const std::optional<statistics::Comparison>& comparison) {
  if (!comparison) return nullptr;
  Json json = Json::object();
  json["estimate"] = comparison->estimate;
  json["lower"] = comparison->lower;
  json["upper"] = comparison->upper;
  json["statistic"] = comparison->statistic;
  json["p"] = comparison->p;
  json["degrees_of_freedom"] =
      comparison->degrees_of_freedom ? Json(*comparison->degrees_of_freedom) : Json();
  return json;
}

// The sums that a metric's estimate and variance follow from.
Json metric_json(const MetricValue& value, const ArmResult& arm) {
  const statistics::PairSums& sums = arm.tally.sums[static_cast<std::size_t>(value.metric)];
  Json json = Json::object();
  json["metric"] = describe(value.metric).name;
  json["value"] = value.value ? Json(*value.value) : Json();
  json["numerator"] = value.numerator;
  json["denominator"] = value.denominator;
  json["numerator_squares"] = sums.numerator.squares;
  json["denominator_squares"] = sums.denominator.squares;
  json["products"] = sums.products;
  return json;
}

Json arm_json(const ArmResult& arm) {
  Json json = Json::object();
  json["arm"] = arm.tally.name;
  json["control"] = arm.is_control;
  json["weight"] = arm.weight;
  json["rows"] = arm.tally.rows;
  json["units"] = arm.tally.units;
  json["missing_labels"] = arm.tally.missing_labels;
  json["missing_scores"] = arm.tally.missing_scores;
  json["missing_values"] = arm.tally.missing_values;
  json["true_positives"] = arm.tally.true_positives;
  json["false_positives"] = arm.tally.false_positives;
  json["false_negatives"] = arm.tally.false_negatives;
  json["true_negatives"] = arm.tally.true_negatives;
  Json& metrics = json["metrics"] = Json::array();
  for (const MetricValue& value : arm.metrics) metrics.push_back(metric_json(value, arm));
  return json;
}

Json treatment_json(const TreatmentResult& treatment) {
  Json json = Json::object();
  json["arm"] = treatment.arm;
  json["verdict"] = to_string(treatment.outcome);
  Json& metrics = json["metrics"] = Json::array();
  for (const MetricComparison& comparison : treatment.metrics) {
    Json entry = Json::object();
    entry["metric"] = describe(comparison.metric).name;
    entry["verdict"] = to_string(comparison.outcome);
    entry["test"] = comparison.test.empty() ? Json() : Json(comparison.test);
    entry["difference"] = comparison_json(comparison.difference);
    entry["lift"] = comparison_json(comparison.lift);
    entry["adjusted_p"] = comparison.adjusted_p ? Json(*comparison.adjusted_p) : Json();
    entry["reason"] = comparison.reason;
    metrics.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

Json to_json(const Analysis& analysis, const Columns& columns, const AnalysisOptions& options) {
  Json json = Json::object();
  json["verdict"] = to_string(analysis.outcome);
  json["reason"] = analysis.reason;
  json["control"] = analysis.control;
  json["unit"] = columns.unit.empty() ? Json() : Json(columns.unit);
  json["threshold"] = columns.threshold;
  json["alpha"] = options.alpha;
  json["correction"] = "holm";
  json["min_rows"] = options.min_rows;
  Json& mismatch = json["sample_ratio"] = Json::object();
  mismatch["mismatch"] = analysis.split_is_broken;
  mismatch["chi_square"] = analysis.mismatch.chi_square;
  mismatch["degrees_of_freedom"] = analysis.mismatch.degrees_of_freedom;
  mismatch["p"] = analysis.mismatch.p;
  mismatch["alpha"] = options.mismatch_alpha;
  Json& arms = json["arms"] = Json::array();
  for (const ArmResult& arm : analysis.arms) arms.push_back(arm_json(arm));
  Json& treatments = json["treatments"] = Json::array();
  for (const TreatmentResult& treatment : analysis.treatments) {
    treatments.push_back(treatment_json(treatment));
  }
  return json;
}

}  // namespace rtml::experiment
