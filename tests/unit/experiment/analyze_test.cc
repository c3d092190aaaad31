#include "core/experiment/analyze.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/random.h"

namespace rtml::experiment {
namespace {

const Columns kClasses{.arm = "arm", .label = "label", .score = "score"};

// An arm of the given confusion matrix, each row a unit.
ArmTally arm_of(const std::string& name, std::int64_t tp, std::int64_t fp, std::int64_t fn,
                std::int64_t tn) {
  ArmTally arm;
  arm.name = name;
  arm.rows = arm.units = tp + fp + fn + tn;
  arm.true_positives = tp;
  arm.false_positives = fp;
  arm.false_negatives = fn;
  arm.true_negatives = tn;
  const auto fill = [&](Metric metric, double a, double b, double c, double d, double da, double db,
                        double dc, double dd) {
    auto& sums = arm.sums[static_cast<std::size_t>(metric)];
    for (std::int64_t i = 0; i < tp; ++i) sums.add(a, da);
    for (std::int64_t i = 0; i < fp; ++i) sums.add(b, db);
    for (std::int64_t i = 0; i < fn; ++i) sums.add(c, dc);
    for (std::int64_t i = 0; i < tn; ++i) sums.add(d, dd);
  };
  fill(Metric::kPrecision, 1, 0, 0, 0, 1, 1, 0, 0);
  fill(Metric::kRecall, 1, 0, 0, 0, 1, 0, 1, 0);
  fill(Metric::kF1, 2, 0, 0, 0, 2, 1, 1, 0);
  fill(Metric::kCaptureRate, 1, 0, 0, 0, 1, 0, 1, 0);
  fill(Metric::kFalsePositiveRate, 0, 1, 0, 0, 0, 1, 0, 1);
  return arm;
}

const MetricComparison& of(const Analysis& analysis, Metric metric, std::size_t treatment = 0) {
  for (const MetricComparison& comparison : analysis.treatments.at(treatment).metrics) {
    if (comparison.metric == metric) return comparison;
  }
  FAIL("no such metric");
  return analysis.treatments.at(0).metrics.at(0);
}

double value_of(const ArmResult& arm, Metric metric) {
  for (const MetricValue& value : arm.metrics) {
    if (value.metric == metric) return value.value.value();
  }
  FAIL("no such metric");
  return 0;
}

Analysis analysis_of(const std::vector<ArmTally>& arms, const AnalysisOptions& options = {}) {
  Tally tally;
  tally.arms = arms;
  return analyze(tally, kClasses, options).value();
}

}  // namespace

TEST_CASE("analyze: figures of each arm are those of its confusion matrix") {
  const Analysis analysis =
      analysis_of({arm_of("control", 80, 20, 120, 780), arm_of("new", 150, 50, 50, 750)});
  CHECK(analysis.control == "control");
  CHECK(analysis.arms.at(0).is_control);
  CHECK(value_of(analysis.arms[0], Metric::kPrecision) == 0.8);
  CHECK(value_of(analysis.arms[0], Metric::kRecall) == 0.4);
  CHECK(value_of(analysis.arms[0], Metric::kF1) == doctest::Approx(160.0 / 300).epsilon(1e-14));
  CHECK(value_of(analysis.arms[0], Metric::kFalsePositiveRate) == 0.025);
  CHECK(value_of(analysis.arms[1], Metric::kCaptureRate) == 0.75);
}

TEST_CASE("analyze: shares are compared by the pooled z test") {
  // 80 of 200 against 150 of 200: pooled 0.575, z = 0.35 / sqrt(0.575 * 0.425 / 100) = 7.0801.
  const Analysis analysis =
      analysis_of({arm_of("control", 80, 20, 120, 780), arm_of("new", 150, 50, 50, 750)});
  const MetricComparison& recall = of(analysis, Metric::kRecall);
  CHECK(recall.test == "two_proportion_z");
  CHECK(recall.difference->estimate == doctest::Approx(0.35).epsilon(1e-12));
  CHECK(recall.difference->statistic ==
        doctest::Approx(0.35 / std::sqrt(0.575 * 0.425 / 100)).epsilon(1e-12));
  CHECK(recall.lift->estimate == doctest::Approx(0.875).epsilon(1e-12));
  CHECK(recall.outcome == Outcome::kBetter);
  // More alarms: better recall, worse false-positive rate.
  CHECK(of(analysis, Metric::kFalsePositiveRate).outcome == Outcome::kWorse);
  CHECK(analysis.outcome == Outcome::kMixed);
}

TEST_CASE("analyze: the interval of F1 covers the truth as often as it says") {
  // Rows with P(label) 0.2, P(alarm | 1) 0.7, P(alarm | 0) 0.1 in both arms: the true difference of
  // F1 is 0, so a 95 % interval should miss it in about 5 % of the rounds.
  Random random(5);
  int missed = 0;
  const int rounds = 400;
  for (int round = 0; round < rounds; ++round) {
    std::vector<ArmTally> arms;
    for (const char* name : {"a", "b"}) {
      std::int64_t cells[4] = {};
      for (int row = 0; row < 600; ++row) {
        const bool label = random.uniform() < 0.2;
        const bool alarm = random.uniform() < (label ? 0.7 : 0.1);
        ++cells[label ? (alarm ? 0 : 2) : (alarm ? 1 : 3)];
      }
      arms.push_back(arm_of(name, cells[0], cells[1], cells[2], cells[3]));
    }
    const Analysis analysis = analysis_of(arms, {.metrics = {Metric::kF1}});
    const auto& difference = *of(analysis, Metric::kF1).difference;
    missed += difference.lower > 0 || difference.upper < 0 ? 1 : 0;
  }
  CHECK(missed / static_cast<double>(rounds) == doctest::Approx(0.05).epsilon(0.6));
}

TEST_CASE("analyze: a broken split cannot tell, whatever the metrics say") {
  const Analysis analysis =
      analysis_of({arm_of("control", 100, 10, 100, 1'790), arm_of("new", 190, 10, 10, 1'190)});
  CHECK(analysis.split_is_broken);
  CHECK(analysis.outcome == Outcome::kCannotTell);
  CHECK(analysis.treatments.at(0).outcome == Outcome::kCannotTell);
  CHECK(of(analysis, Metric::kRecall).outcome == Outcome::kCannotTell);
  // With the weights that were planned the same split is fine.
  const Analysis planned =
      analysis_of({arm_of("control", 100, 10, 100, 1'790), arm_of("new", 190, 10, 10, 1'190)},
                  {.arms = {{"control", 10}, {"new", 7}}, .metrics = {Metric::kRecall}});
  CHECK_FALSE(planned.split_is_broken);
  CHECK(planned.outcome == Outcome::kBetter);
}

TEST_CASE("analyze: too little data cannot tell") {
  const Analysis few = analysis_of({arm_of("control", 20, 5, 5, 20), arm_of("new", 25, 0, 0, 25)});
  CHECK(few.outcome == Outcome::kCannotTell);
  // Rows enough, but hardly a positive.
  const Analysis rare =
      analysis_of({arm_of("control", 1, 30, 2, 967), arm_of("new", 2, 30, 1, 967)});
  CHECK(of(rare, Metric::kRecall).outcome == Outcome::kCannotTell);
  CHECK(of(rare, Metric::kFalsePositiveRate).outcome == Outcome::kNoDifference);
  CHECK(rare.outcome == Outcome::kCannotTell);
}

TEST_CASE("analyze: no difference is a result of its own") {
  const Analysis analysis =
      analysis_of({arm_of("control", 80, 20, 120, 780), arm_of("new", 82, 21, 118, 779)});
  CHECK(analysis.outcome == Outcome::kNoDifference);
  CHECK(analysis.reason == "no difference found between new and control");
}

TEST_CASE("analyze: several arms share one error rate") {
  const ArmTally control = arm_of("control", 80, 20, 120, 780);
  std::vector<ArmTally> arms = {control};
  for (const char* name : {"a", "b", "c"}) arms.push_back(arm_of(name, 100, 20, 100, 780));
  const Analysis one = analysis_of({control, arms[1]}, {.metrics = {Metric::kRecall}});
  const Analysis three = analysis_of(arms, {.metrics = {Metric::kRecall}});
  CHECK(three.treatments.size() == 3);
  CHECK(one.treatments[0].outcome == Outcome::kBetter);
  CHECK(*of(three, Metric::kRecall).adjusted_p ==
        doctest::Approx(3 * of(one, Metric::kRecall).difference->p).epsilon(1e-12));
  CHECK(three.treatments[0].outcome == Outcome::kNoDifference);
}

TEST_CASE("analyze: a planned arm without rows breaks the split, an unplanned one is an error") {
  const ArmTally control = arm_of("control", 80, 20, 120, 780);
  const Analysis absent = analysis_of({control, arm_of("a", 80, 20, 120, 780)},
                                      {.arms = {{"control", 1}, {"a", 1}, {"gone", 1}}});
  CHECK(absent.split_is_broken);
  Tally tally;
  tally.arms = {control, arm_of("new", 1, 1, 1, 1)};
  const auto unplanned = analyze(tally, kClasses, {.arms = {{"control", 1}, {"news", 1}}});
  REQUIRE_FALSE(unplanned);
  CHECK(unplanned.error().code() == ErrorCode::kExperimentData);
  CHECK_FALSE(analyze(tally, kClasses, {.control = "nobody"}));
  CHECK_FALSE(analyze(tally, kClasses, {.metrics = {Metric::kMeanValue}}));
  CHECK_FALSE(analyze(tally, {.arm = "arm"}, {}));
  tally.arms.pop_back();
  CHECK_FALSE(analyze(tally, kClasses, {}));
}

TEST_CASE("analyze: a mean has no better side") {
  ArmTally control{.name = "control"};
  ArmTally high{.name = "high"};
  for (int i = 0; i < 500; ++i) {
    control.sums[static_cast<std::size_t>(Metric::kMeanValue)].add(i % 10, 1);
    high.sums[static_cast<std::size_t>(Metric::kMeanValue)].add(i % 10 + 2, 1);
  }
  control.units = high.units = 500;
  Tally tally;
  tally.arms = {control, high};
  const auto analysis = analyze(tally, {.arm = "arm", .value = "amount"}, {});
  REQUIRE(analysis);
  CHECK(analysis->outcome == Outcome::kDifferent);
  CHECK(analysis->reason == "high differs from control");
  const MetricComparison& mean = of(*analysis, Metric::kMeanValue);
  CHECK(mean.test == "welch");
  CHECK(mean.difference->estimate == doctest::Approx(2).epsilon(1e-12));
  CHECK(mean.lift->estimate == doctest::Approx(2 / 4.5).epsilon(1e-12));
}

TEST_CASE("analyze: labels that come later for one arm are pointed out") {
  ArmTally control = arm_of("control", 80, 20, 120, 780);
  ArmTally slow = control;
  slow.name = "slow";
  slow.missing_labels = 200;
  slow.rows += 200;
  slow.units += 200;
  control.rows += 200;
  control.units += 200;
  const Analysis analysis = analysis_of({control, slow});
  REQUIRE(analysis.warnings.size() == 2);
  CHECK(analysis.warnings[1].starts_with("labels are missing at different rates"));
}

}  // namespace rtml::experiment
