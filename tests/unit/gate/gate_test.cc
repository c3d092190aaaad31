#include "core/gate/gate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"

using namespace rtml;
using gate::Contender;
using gate::judge;
using gate::Outcome;
using gate::Role;
using gate::Rule;
using gate::Verdict;

namespace {

// Rows of which every second has label 1, with scores of different skill.
struct Rows {
  std::vector<double> labels;
  std::vector<double> good;
  std::vector<double> bad;
  std::vector<double> constant;
};

Rows make_rows(int count) {
  Rows rows;
  Random random(5);
  for (int row = 0; row < count; ++row) {
    const double label = row % 2;
    rows.labels.push_back(label);
    rows.good.push_back(0.8 * label + 0.2 * random.uniform());
    rows.bad.push_back(0.1 * label + 0.9 * random.uniform());
    rows.constant.push_back(0.5);
  }
  return rows;
}

Rule auc_rule() {
  Rule rule;
  rule.metric = "roc_auc";
  return rule;
}

}  // namespace

TEST_CASE("gate: a better candidate passes and its figures are the evidence") {
  const Rows rows = make_rows(200);
  const std::vector<Contender> contenders = {{Role::kChampion, "champion fraud@1", rows.bad, ""},
                                             {Role::kBaseline, "majority", rows.constant, ""}};
  const Verdict verdict = judge(auc_rule(), rows.labels, rows.good, contenders).value();
  CHECK(verdict.outcome == Outcome::kPass);
  CHECK(verdict.status().has_value());
  CHECK(verdict.candidate.value() == 1.0);
  REQUIRE(verdict.comparisons.size() == 2);
  CHECK(verdict.comparisons[1].difference.value() == 0.5);
  CHECK(verdict.comparisons[0].low.value() <= verdict.comparisons[0].difference.value());
  CHECK(verdict.comparisons[0].high.value() >= verdict.comparisons[0].difference.value());
  const Json evidence = verdict.evidence();
  CHECK(evidence["outcome"] == "pass");
  CHECK(evidence["rows"] == 200);
  CHECK(evidence["positives"] == 100);
  CHECK(evidence["comparisons"][1]["name"] == "majority");
  CHECK(evidence["comparisons"][0]["interval"]["confidence"] == 0.95);
}

TEST_CASE("gate: a worse candidate fails") {
  const Rows rows = make_rows(200);
  const std::vector<Contender> contenders = {{Role::kChampion, "champion", rows.good, ""}};
  const Verdict verdict = judge(auc_rule(), rows.labels, rows.bad, contenders).value();
  CHECK(verdict.outcome == Outcome::kFail);
  CHECK(verdict.status().error().code() == ErrorCode::kGateFailed);
}

TEST_CASE("gate: min_delta counts towards better, whatever the metric's direction") {
  const Rows rows = make_rows(200);
  std::vector<double> slightly_worse = rows.good;
  for (double& score : slightly_worse) score = 0.99 * score + 0.005;
  Rule rule;
  rule.metric = "log_loss";
  const std::vector<Contender> contenders = {{Role::kChampion, "champion", rows.good, ""}};
  rule.min_delta = 0.0;
  CHECK(judge(rule, rows.labels, slightly_worse, contenders)->outcome == Outcome::kFail);
  rule.min_delta = -0.1;
  CHECK(judge(rule, rows.labels, slightly_worse, contenders)->outcome == Outcome::kPass);
  rule.min_delta = 0.0;
  CHECK(judge(rule, rows.labels, rows.good, contenders)->outcome == Outcome::kPass);
  rule.min_delta = 0.001;
  CHECK(judge(rule, rows.labels, rows.good, contenders)->outcome == Outcome::kFail);
}

TEST_CASE("gate: equal to a champion is enough, equal to a baseline is not") {
  const Rows rows = make_rows(200);
  CHECK(judge(auc_rule(), rows.labels, rows.constant,
              std::vector<Contender>{{Role::kChampion, "champion", rows.constant, ""}})
            ->outcome == Outcome::kPass);
  CHECK(judge(auc_rule(), rows.labels, rows.constant,
              std::vector<Contender>{{Role::kBaseline, "majority", rows.constant, ""}})
            ->outcome == Outcome::kFail);
}

TEST_CASE("gate: what cannot be compared is never a pass") {
  const Rows rows = make_rows(200);
  const std::vector<Contender> missing = {
      {Role::kChampion, "champion", {}, "its artifact is damaged"},
      {Role::kBaseline, "majority", rows.constant, ""}};
  const Verdict verdict = judge(auc_rule(), rows.labels, rows.good, missing).value();
  CHECK(verdict.outcome == Outcome::kCannotTell);
  CHECK(verdict.reason == "champion: its artifact is damaged");
  CHECK(verdict.status().error().code() == ErrorCode::kCannotTell);
  // A contender that wins settles it, whatever the other would have been.
  CHECK(judge(auc_rule(), rows.labels, rows.bad,
              std::vector<Contender>{missing[0], {Role::kBaseline, "no-change", rows.good, ""}})
            ->outcome == Outcome::kFail);
  CHECK(judge(auc_rule(), rows.labels, rows.good, {})->outcome == Outcome::kCannotTell);
  CHECK(judge(auc_rule(), {}, {}, {})->outcome == Outcome::kCannotTell);
}

TEST_CASE("gate: too few rows of a class cannot tell") {
  Rows rows = make_rows(200);
  const std::vector<Contender> contenders = {{Role::kBaseline, "majority", rows.constant, ""}};
  for (std::size_t row = 0; row < rows.labels.size(); ++row) {
    rows.labels[row] = row < 9 ? 1.0 : 0.0;
  }
  const Verdict verdict = judge(auc_rule(), rows.labels, rows.good, contenders).value();
  CHECK(verdict.outcome == Outcome::kCannotTell);
  CHECK(verdict.reason == "too few test rows with label 1: 9, at least 10 are needed");
}

TEST_CASE("gate: predictions that cannot be scored are an error") {
  Rows rows = make_rows(50);
  rows.good[3] = std::nan("");
  CHECK(judge(auc_rule(), rows.labels, rows.good, {}).error().code() == ErrorCode::kDataBadValue);
  Rule rule;
  rule.metric = "auc";
  CHECK(judge(rule, rows.labels, rows.bad, {}).error().code() == ErrorCode::kBadValue);
}

TEST_CASE("gate: the interval of a difference of means is the normal one") {
  // The bootstrap of a mean absolute error has a known answer: mean +- 1.96 s / sqrt(n).
  Random random(9);
  std::vector<double> labels;
  std::vector<double> candidate;
  std::vector<double> other;
  double sum = 0.0;
  double squares = 0.0;
  constexpr int kRows = 400;
  for (int row = 0; row < kRows; ++row) {
    const double error = random.uniform();
    labels.push_back(0.0);
    candidate.push_back(error);
    other.push_back(1.0);
    sum += 1.0 - error;
    squares += (1.0 - error) * (1.0 - error);
  }
  const double mean = sum / kRows;
  const double half = 1.96 * std::sqrt((squares / kRows - mean * mean) / kRows);
  Rule rule;
  rule.metric = "mae";
  rule.replicates = 2000;
  const Verdict verdict =
      judge(rule, labels, candidate, std::vector<Contender>{{Role::kChampion, "x", other, ""}})
          .value();
  CHECK(verdict.comparisons[0].difference.value() == doctest::Approx(mean));
  CHECK(verdict.comparisons[0].low.value() == doctest::Approx(mean - half).epsilon(0.01));
  CHECK(verdict.comparisons[0].high.value() == doctest::Approx(mean + half).epsilon(0.01));
}
