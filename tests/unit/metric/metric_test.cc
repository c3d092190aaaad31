#include "core/metric/metric.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"

using namespace rtml;
using metric::find_metric;
using metric::ScoredRows;
using metric::Task;

namespace {

Result<double> measure(std::string_view name, const std::vector<double>& labels,
                       const std::vector<double>& predictions,
                       const std::vector<double>& weights = {}) {
  RTML_TRY_ASSIGN(const metric::Metric* found, find_metric(name));
  RTML_TRY_ASSIGN(const ScoredRows rows, ScoredRows::create(found->task, labels, predictions));
  return rows.value(*found, weights);
}

const std::vector<double> kLabels = {0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
const std::vector<double> kScores = {.1, .4, .35, .8, .4, .4, .05, .95, .6, .6};
const std::vector<double> kWeights = {1, 2, .5, 1, 3, 1, 1, 2, .25, 1.5};

struct Published {
  const char* name;
  double value;
  double weighted;
};

}  // namespace

TEST_CASE("metric: classification metrics equal those of scikit-learn 1.9.1") {
  const Published published[] = {
      {"roc_auc", 0.78, 0.8157894736842105},
      {"average_precision", 0.7892857142857141, 0.7952658062946023},
      {"log_loss", 0.4845971115292097, 0.4513099144785559},
      {"brier", 0.16775, 0.15160377358490568},
      {"precision", 0.75, 0.6842105263157895},
      {"recall", 0.6, 0.6842105263157895},
      {"f1", 0.6666666666666666, 0.6842105263157895},
      {"accuracy", 0.7, 0.7735849056603774},
  };
  for (const Published& row : published) {
    CAPTURE(row.name);
    CHECK(measure(row.name, kLabels, kScores).value() == doctest::Approx(row.value).epsilon(1e-14));
    CHECK(measure(row.name, kLabels, kScores, kWeights).value() ==
          doctest::Approx(row.weighted).epsilon(1e-14));
  }
}

TEST_CASE("metric: regression metrics equal those of scikit-learn 1.9.1") {
  const std::vector<double> labels = {3, -.5, 2, 7};
  const std::vector<double> predictions = {2.5, 0, 2, 8};
  const std::vector<double> weights = {1, 2, .5, 3};
  const double tight = 1e-15;
  CHECK(measure("rmse", labels, predictions).value() ==
        doctest::Approx(0.6123724356957945).epsilon(tight));
  CHECK(measure("mae", labels, predictions).value() == 0.5);
  CHECK(measure("rmse", labels, predictions, weights).value() ==
        doctest::Approx(0.7595545253127499).epsilon(tight));
  CHECK(measure("mae", labels, predictions, weights).value() ==
        doctest::Approx(0.6923076923076923).epsilon(tight));
}

TEST_CASE("metric: log loss clips certain and wrong scores as scikit-learn does") {
  CHECK(measure("log_loss", {0, 1}, {0, 0}).value() == doctest::Approx(18.021826694558577));
  CHECK(measure("log_loss", {0, 1}, {1, 1}).value() == doctest::Approx(18.021826694558577));
}

TEST_CASE("metric: ranking metrics equal a count over all pairs and all cuts") {
  Random random(11);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> labels;
    std::vector<double> scores;
    for (int row = 0; row < 40; ++row) {
      labels.push_back(row < 2 ? row : static_cast<double>(random.below(2)));
      scores.push_back(static_cast<double>(random.below(8)) / 8.0);  // Many ties.
    }
    double pairs = 0;
    double ordered = 0;
    for (std::size_t one = 0; one < labels.size(); ++one) {
      for (std::size_t zero = 0; zero < labels.size(); ++zero) {
        if (labels[one] != 1.0 || labels[zero] != 0.0) continue;
        pairs += 1;
        ordered += scores[one] > scores[zero] ? 1.0 : scores[one] == scores[zero] ? 0.5 : 0.0;
      }
    }
    CHECK(measure("roc_auc", labels, scores).value() == doctest::Approx(ordered / pairs));

    double positives = 0;
    for (const double label : labels) positives += label;
    double area = 0;
    double recall = 0;
    for (int step = 7; step >= 0; --step) {
      double said = 0;
      double right = 0;
      for (std::size_t row = 0; row < labels.size(); ++row) {
        if (scores[row] < step / 8.0) continue;
        said += 1;
        right += labels[row];
      }
      if (said == 0) continue;
      area += (right / positives - recall) * (right / said);
      recall = right / positives;
    }
    CHECK(measure("average_precision", labels, scores).value() == doctest::Approx(area));
  }
}

TEST_CASE("metric: a weight of n counts as n rows") {
  std::vector<double> labels;
  std::vector<double> scores;
  std::vector<double> weights;
  for (std::size_t row = 0; row < kLabels.size(); ++row) {
    weights.push_back(static_cast<double>(row % 3));
    for (std::size_t copy = 0; copy < row % 3; ++copy) {
      labels.push_back(kLabels[row]);
      scores.push_back(kScores[row]);
    }
  }
  for (const metric::Metric& row : metric::metric_table()) {
    CAPTURE(row.name);
    CHECK(measure(row.name, labels, scores).value() ==
          doctest::Approx(measure(row.name, kLabels, kScores, weights).value()));
  }
}

TEST_CASE("metric: what is undefined cannot be told") {
  const auto code = [](const char* name, const std::vector<double>& labels,
                       const std::vector<double>& predictions,
                       const std::vector<double>& weights = {}) {
    return measure(name, labels, predictions, weights).error().code();
  };
  CHECK(code("roc_auc", {1, 1}, {.1, .2}) == ErrorCode::kCannotTell);
  CHECK(code("roc_auc", {0, 0}, {.1, .2}) == ErrorCode::kCannotTell);
  CHECK(code("average_precision", {0, 0}, {.1, .2}) == ErrorCode::kCannotTell);
  CHECK(code("precision", {0, 1}, {.1, .2}) == ErrorCode::kCannotTell);
  CHECK(code("recall", {0, 0}, {.1, .9}) == ErrorCode::kCannotTell);
  CHECK(code("f1", {0, 0}, {.1, .2}) == ErrorCode::kCannotTell);
  CHECK(code("roc_auc", {0, 1}, {.1, .2}, {0, 1}) == ErrorCode::kCannotTell);
  CHECK(code("rmse", {0, 1}, {.1, .2}, {0, 0}) == ErrorCode::kCannotTell);
  CHECK(measure("f1", {0, 1}, {.9, .1}).value() == 0.0);
}

TEST_CASE("metric: values that cannot be scored are errors") {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  const auto code = [](const char* name, const std::vector<double>& labels,
                       const std::vector<double>& predictions) {
    return measure(name, labels, predictions).error().code();
  };
  CHECK(code("roc_auc", {}, {}) == ErrorCode::kDataEmpty);
  CHECK(code("roc_auc", {0, nan}, {.1, .2}) == ErrorCode::kDataBadValue);
  CHECK(code("roc_auc", {0, 2}, {.1, .2}) == ErrorCode::kDataBadValue);
  CHECK(code("roc_auc", {0, 1}, {.1, nan}) == ErrorCode::kDataBadValue);
  CHECK(code("mae", {0, infinity}, {.1, .2}) == ErrorCode::kDataBadValue);
  CHECK(code("log_loss", {0, 1}, {.1, 1.5}) == ErrorCode::kDataBadValue);
  CHECK(code("rmse", {0, 1}, {1e300, .2}) == ErrorCode::kDataBadValue);
  CHECK(measure("roc_auc", {0, 1}, {-3, 17}).value() == 1.0);
}

TEST_CASE("metric: a misspelt name is answered with the nearest") {
  const auto found = find_metric("roc_auk");
  REQUIRE_FALSE(found);
  CHECK(found.error().code() == ErrorCode::kBadValue);
  CHECK(found.error().message() == "unknown metric \"roc_auk\" (did you mean \"roc_auc\"?)");
  const ScoredRows rows = ScoredRows::create(Task::kClassification, kLabels, kScores).value();
  CHECK(rows.value(*find_metric("rmse").value()).error().code() == ErrorCode::kBadValue);
}
