#include "plugins/model/linear/learner.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tests/unit/linear/rows.h"

using namespace rtml;
using namespace rtml::linear;
using namespace rtml::linear::test;

namespace {

// Solves a symmetric positive definite system by Gaussian elimination.
std::vector<double> solve(std::vector<std::vector<double>> matrix, std::vector<double> right) {
  const std::size_t size = right.size();
  for (std::size_t pivot = 0; pivot < size; ++pivot) {
    for (std::size_t row = pivot + 1; row < size; ++row) {
      const double factor = matrix[row][pivot] / matrix[pivot][pivot];
      for (std::size_t column = pivot; column < size; ++column) {
        matrix[row][column] -= factor * matrix[pivot][column];
      }
      right[row] -= factor * right[pivot];
    }
  }
  for (std::size_t row = size; row-- > 0;) {
    for (std::size_t column = row + 1; column < size; ++column) {
      right[row] -= matrix[row][column] * right[column];
    }
    right[row] /= matrix[row][row];
  }
  return right;
}

// The minimiser of sum (y - wz - b)^2 / 2 + l2/2 |w|^2 for standardised features z, b last.
std::vector<double> least_squares(const Rows& rows, double l2) {
  const std::size_t columns = rows.features.columns;
  const auto count = static_cast<double>(rows.labels.size());
  std::vector<double> mean(columns, 0.0);
  std::vector<double> deviation(columns, 0.0);
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < rows.labels.size(); ++row) {
      mean[column] += rows.features.row(row)[column] / count;
    }
    for (std::size_t row = 0; row < rows.labels.size(); ++row) {
      deviation[column] += std::pow(rows.features.row(row)[column] - mean[column], 2) / count;
    }
    deviation[column] = std::sqrt(deviation[column]);
  }
  std::vector<std::vector<double>> matrix(columns + 1, std::vector<double>(columns + 1, 0.0));
  std::vector<double> right(columns + 1, 0.0);
  for (std::size_t row = 0; row < rows.labels.size(); ++row) {
    std::vector<double> z(columns + 1, 1.0);
    for (std::size_t column = 0; column < columns; ++column) {
      z[column] = (rows.features.row(row)[column] - mean[column]) / deviation[column];
    }
    for (std::size_t a = 0; a <= columns; ++a) {
      right[a] += z[a] * rows.labels[row];
      for (std::size_t b = 0; b <= columns; ++b) matrix[a][b] += z[a] * z[b];
    }
  }
  for (std::size_t column = 0; column < columns; ++column) matrix[column][column] += l2;
  return solve(std::move(matrix), std::move(right));
}

}  // namespace

TEST_CASE("linear: online learning equals River's on Elec2") {
  // River 0.26.1: StandardScaler | LogisticRegression(optimizer, intercept_lr=.01), predict_proba
  // of each row before learn_one, over the six numeric columns of the example's file.
  struct Expected {
    const char* parameters;
    int right;
    std::array<double, 7> weights;
  };
  const Expected expected[] = {
      {R"({"optimizer": "sgd", "learning_rate": 0.005, "intercept_learning_rate": 0.01, "l2": 0})",
       36654,
       {-0.005771335132662004, 3.8810440871117127, 0.4779731079998564, -0.045562181278281565,
        -0.2816674280782648, 0.542025728677104, -0.2791055731566637}},
      {R"({"optimizer": "adagrad", "learning_rate": 0.05, "intercept_learning_rate": 0.01,
           "l2": 0})",
       36458,
       {0.020513053751443758, 3.188328433675058, 0.33597288247366025, -0.0041234800235918296,
        -0.06464605934088177, 0.2093846465235267, -0.3686005908476364}},
  };
  const Rows rows = read_electricity();
  for (const Expected& row : expected) {
    CAPTURE(row.parameters);
    Learner learner = make_learner(row.parameters, 6);
    int right = 0;
    for (std::size_t index = 0; index < rows.labels.size(); ++index) {
      const Rows one = rows.slice(index, index + 1);
      right += (learner.predict(one.features)[0] > 0.5) == (one.labels[0] == 1.0);
      REQUIRE(learner.update(one.examples(), never_stop));
    }
    CHECK(right == row.right);
    for (std::size_t index = 0; index < row.weights.size(); ++index) {
      CHECK(learner.state().weights[index] == doctest::Approx(row.weights[index]).epsilon(1e-9));
    }
    const FeatureMoments& price = learner.state().moments[1];
    CHECK(price.count == 45'312);
    CHECK(price.mean == doctest::Approx(0.057868310138594135).epsilon(1e-12));
    CHECK(price.variance == doctest::Approx(0.0015992263070953483).epsilon(1e-12));
  }
}

TEST_CASE("linear: the fitted logistic model is the optimum that scikit-learn finds") {
  // scikit-learn 1.9.1, StandardScaler and LogisticRegression(C=1, tol=1e-12) on the last 5,000
  // rows of the example's file; the objective is its mean log loss + |w|^2 / 2 / 5000.
  const double coefficients[] = {0.07179990605384111, 2.873716859163934,   0.28750009095381296,
                                 -0.4106656681139764, -0.2604997605079028, 0.32632983706096924};
  const double intercept = 0.010512465579530166;
  const double optimum = 0.3879307692782482;
  const Rows all = read_electricity();
  const Rows rows = all.slice(all.labels.size() - 5000, all.labels.size());
  for (const char* optimizer : {"ftrl", "adagrad", "sgd"}) {
    CAPTURE(optimizer);
    Learner learner = make_learner(std::string(R"({"optimizer": ")") + optimizer + "\"}", 6);
    REQUIRE(learner.fit(rows.examples(), never_stop));
    CHECK(learner.state().objective >= optimum);
    CHECK(learner.state().objective <= optimum * 1.001);
    // The objective is flat around the optimum along vicprice, which is constant but for a few
    // rows; the weights may be further off than the objective.
    for (std::size_t index = 0; index < 6; ++index) {
      CHECK(std::abs(learner.state().weights[index] - coefficients[index]) < 0.4);
    }
    CHECK(std::abs(learner.state().weights[6] - intercept) < 0.05);
  }
}

TEST_CASE("linear: the fitted least-squares model is the closed form") {
  const Rows rows = make_rows(2000, false);
  for (const double l2 : {0.0, 500.0}) {
    const std::vector<double> expected = least_squares(rows, l2);
    for (const char* optimizer : {"ftrl", "adagrad", "sgd"}) {
      CAPTURE(optimizer);
      CAPTURE(l2);
      Learner learner =
          make_learner(R"({"loss": "squared", "optimizer": ")" + std::string(optimizer) +
                           R"(", "l2": )" + std::to_string(l2) + "}",
                       3);
      REQUIRE(learner.fit(rows.examples(), never_stop));
      const State& state = learner.state();
      for (std::size_t index = 0; index < 3; ++index) {
        CHECK(std::abs(state.weights[index] * state.label_scale - expected[index]) < 0.7);
      }
      CHECK(state.label_mean + state.label_scale * state.weights[3] ==
            doctest::Approx(expected[3]).epsilon(1e-3));
    }
  }
}

TEST_CASE("linear: an ftrl step minimises what the paper says") {
  // McMahan et al. 2013: w = argmin g_{1:t} w + 1/2 sum_s sigma_s (w - w_s)^2 + l1 |w| +
  // l2/2 w^2, sigma_{1:t} = (beta + sqrt(sum g^2)) / alpha; beta is centred on 0.
  constexpr double kAlpha = 0.5;
  constexpr double kBeta = 1.0;
  constexpr double kL1 = 0.3;
  constexpr double kL2 = 0.7;
  Learner learner =
      make_learner(R"({"standardize": false, "learning_rate": 0.5, "l1": 0.3, "l2": 0.7})", 1);
  Random random(4);
  double gradient_sum = 0.0;
  double squares = 0.0;
  std::vector<std::pair<double, double>> centres = {{kBeta / kAlpha, 0.0}};
  int zeros = 0;
  for (int step = 0; step < 200; ++step) {
    const double weight = learner.state().weights[0];
    const double margin = weight + learner.state().weights[1];
    const double label = random.uniform() < 0.6 ? 1.0 : 0.0;
    const Rows row{{1, {1.0}}, {label}, {}};
    REQUIRE(learner.update(row.examples(), never_stop));

    const double gradient = 1.0 / (1.0 + std::exp(-margin)) - label;
    const double root_before = std::sqrt(squares);
    squares += gradient * gradient;
    gradient_sum += gradient;
    centres.emplace_back((std::sqrt(squares) - root_before) / kAlpha, weight);
    const auto slope = [&](double w) {
      double value = gradient_sum + kL2 * w;
      for (const auto& [sigma, centre] : centres) value += sigma * (w - centre);
      return value;
    };
    // The slope without l1 rises with w: find where it meets -+ l1.
    double low = -100.0;
    double high = 100.0;
    for (int halving = 0; halving < 200; ++halving) {
      const double middle = (low + high) / 2;
      const double l1_slope = middle > 0 ? kL1 : -kL1;
      (slope(middle) + l1_slope > 0 ? high : low) = middle;
    }
    if (std::abs(slope(0.0)) <= kL1) low = 0.0;
    CHECK(learner.state().weights[0] == doctest::Approx(low).epsilon(1e-9));
    zeros += learner.state().weights[0] == 0.0;
  }
  CHECK(zeros > 0);
  CHECK(zeros < 200);
}

TEST_CASE("linear: splitting, saving and loading between updates changes no bit") {
  const Rows rows = make_rows(1000, true);
  for (const char* parameters :
       {R"({})", R"({"optimizer": "adagrad", "l1": 0.1, "null_indicator": true})",
        R"({"optimizer": "sgd", "learning_rate_schedule": "inverse_scaling",
            "class_weight": "balanced"})"}) {
    CAPTURE(parameters);
    Learner whole = make_learner(parameters, 3);
    REQUIRE(whole.update(rows.examples(), never_stop));
    Learner split = make_learner(parameters, 3);
    for (const auto& [start, end] : {std::pair{0, 1}, {1, 300}, {300, 301}, {301, 1000}}) {
      const Rows part = rows.slice(static_cast<std::size_t>(start), static_cast<std::size_t>(end));
      REQUIRE(split.update(part.examples(), never_stop));
      split = Learner::load(split.save()).value();
    }
    CHECK(split.save() == whole.save());
    CHECK(split.predict(rows.features) == whole.predict(rows.features));
  }
}

TEST_CASE("linear: a fitted model goes on learning from its file as from memory") {
  const Rows rows = make_rows(600, true);
  Learner learner = make_learner("{}", 3);
  REQUIRE(learner.fit(rows.slice(0, 400).examples(), never_stop));
  Learner loaded = Learner::load(learner.save()).value();
  REQUIRE(learner.update(rows.slice(400, 600).examples(), never_stop));
  REQUIRE(loaded.update(rows.slice(400, 600).examples(), never_stop));
  CHECK(loaded.save() == learner.save());
  CHECK(learner.state().rows == 600);
}

TEST_CASE("linear: going on after fit stays where fit has led") {
  // The mean of the last pass becomes the optimizer's own state: one more row must not throw the
  // model back to where the pass ended, or further.
  const Rows rows = make_rows(2000, true);
  Learner learner = make_learner("{}", 3);
  REQUIRE(learner.fit(rows.examples(), never_stop));
  const std::vector<double> before = learner.state().weights;
  const Rows one = rows.slice(0, 1);
  REQUIRE(learner.update(one.examples(), never_stop));
  for (std::size_t index = 0; index < before.size(); ++index) {
    CHECK(std::abs(learner.state().weights[index] - before[index]) < 0.05);
  }
}

TEST_CASE("linear: the seed decides the bytes") {
  const Rows rows = make_rows(500, true);
  const auto fitted = [&](std::uint64_t seed) {
    Learner learner = make_learner("{}", 3, seed);
    REQUIRE(learner.fit(rows.examples(), never_stop));
    return learner;
  };
  CHECK(fitted(1).save() == fitted(1).save());
  CHECK(fitted(1).save() != fitted(2).save());
  CHECK(fitted(1).predict(rows.features)[0] ==
        doctest::Approx(fitted(2).predict(rows.features)[0]).epsilon(0.05));
}

TEST_CASE("linear: a null counts as the mean, an indicator can tell it apart") {
  Rows rows = make_rows(2000, true);
  // The third feature is null exactly where the label is 1, half of the time.
  for (std::size_t row = 0; row < rows.labels.size(); ++row) {
    if (rows.labels[row] == 1.0 && row % 2 == 0) rows.features.values[row * 3 + 2] = kNull;
  }
  Learner plain = make_learner("{}", 3);
  Learner telling = make_learner(R"({"null_indicator": true})", 3);
  REQUIRE(plain.fit(rows.examples(), never_stop));
  REQUIRE(telling.fit(rows.examples(), never_stop));
  const double mean = plain.state().moments[2].mean;
  const Matrix with_null{3, {0.3, 101.0, kNull}};
  const Matrix with_mean{3, {0.3, 101.0, mean}};
  CHECK(plain.predict(with_null) == plain.predict(with_mean));
  CHECK(telling.predict(with_null)[0] > telling.predict(with_mean)[0] + 0.2);
  CHECK(plain.describe()["coefficients"][2]["nulls"].get<int>() > 100);
}

TEST_CASE("linear: features without information get no weight") {
  Rows rows = make_rows(500, true);
  for (std::size_t row = 0; row < rows.labels.size(); ++row) {
    rows.features.values[row * 3 + 1] = 42.0;
    rows.features.values[row * 3 + 2] = kNull;
  }
  Learner learner = make_learner("{}", 3);
  REQUIRE(learner.fit(rows.examples(), never_stop));
  CHECK(learner.state().weights[1] == 0.0);
  CHECK(learner.state().weights[2] == 0.0);
  const std::vector<double> predictions = learner.predict({3, {0.0, 42.0, kNull, 0.0, 7.0, 5.0}});
  CHECK(predictions[0] == predictions[1]);
}

TEST_CASE("linear: l1 leaves out weak features and keeps them out of the mean") {
  const Rows rows = make_rows(2000, true);
  Learner learner = make_learner(R"({"l1": 60, "l2": 0})", 3);
  REQUIRE(learner.fit(rows.examples(), never_stop));
  CHECK(learner.state().weights[2] == 0.0);
  CHECK(learner.state().weights[0] > 0.5);
}

TEST_CASE("linear: balanced classes are rows weighted by hand") {
  Rows rows = make_rows(1000, true);
  double positives = 0.0;
  for (const double label : rows.labels) positives += label;
  Learner balanced = make_learner(R"({"class_weight": "balanced"})", 3);
  REQUIRE(balanced.fit(rows.examples(), never_stop));
  for (const double label : rows.labels) {
    rows.weights.push_back(label == 1.0 ? 1000.0 / (2.0 * positives)
                                        : 1000.0 / (2.0 * (1000.0 - positives)));
  }
  Learner weighted = make_learner("{}", 3);
  REQUIRE(weighted.fit(rows.examples(), never_stop));
  for (std::size_t index = 0; index < 4; ++index) {
    CHECK(balanced.state().weights[index] ==
          doctest::Approx(weighted.state().weights[index]).epsilon(1e-9));
  }
}

TEST_CASE("linear: coefficients are in the features' own units") {
  for (const bool logistic : {true, false}) {
    const Rows rows = make_rows(500, logistic);
    Learner learner = make_learner(logistic ? "{}" : R"({"loss": "squared"})", 3);
    REQUIRE(learner.fit(rows.examples(), never_stop));
    const Json description = learner.describe();
    double score = description["intercept"].get<double>();
    for (std::size_t feature = 0; feature < 3; ++feature) {
      score += description["coefficients"][feature]["coefficient"].get<double>() *
               rows.features.row(0)[feature];
    }
    const double expected = logistic ? 1.0 / (1.0 + std::exp(-score)) : score;
    CHECK(learner.predict(rows.features)[0] == doctest::Approx(expected).epsilon(1e-9));
  }
}

TEST_CASE("linear: rows that cannot be learnt from are refused and change nothing") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Rows good = make_rows(50, true);
  Learner learner = make_learner("{}", 3);
  REQUIRE(learner.fit(good.examples(), never_stop));
  const std::string before = learner.save();
  const auto refused = [&](const Rows& rows, const std::string& message) {
    const Status fitted = learner.fit(rows.examples(), never_stop);
    REQUIRE_FALSE(fitted);
    CHECK(fitted.error().code() == ErrorCode::kTrainingData);
    CHECK(fitted.error().message() == message);
    CHECK(learner.save() == before);
  };
  refused({{3, {}}, {}, {}}, "there is no row to learn from");
  Rows rows = good;
  rows.labels[7] = 2.0;
  refused(rows, "the label of row 8 must be 0 or 1: 2.0");
  rows.labels[7] = kNull;
  refused(rows, "the label of row 8 must be 0 or 1: \"NaN\"");
  rows = good;
  rows.features.values[10] = infinity;
  refused(rows, "feature x1 is not finite in row 4");
  rows = good;
  std::fill(rows.labels.begin(), rows.labels.end(), 1.0);
  refused(rows, "every row has label 1: two classes are needed to tell them apart");
  rows = good;
  rows.weights.assign(50, -1.0);
  refused(rows, "the weight of row 1 must be finite and not negative: -1.0");
  rows = good;
  for (std::size_t row = 0; row < 50; ++row) rows.features.values[row * 3] *= 1e200;
  refused(rows, "the values of feature x0 are too large to be standardised");
  CHECK(learner.update(make_rows(1, true).examples(), never_stop).has_value());
}

TEST_CASE("linear: learning that diverges is refused and changes nothing") {
  const Rows rows = make_rows(200, false);
  Learner learner =
      make_learner(R"({"loss": "squared", "optimizer": "sgd", "learning_rate": 50})", 3);
  const std::string before = learner.save();
  for (const bool fit : {true, false}) {
    const Status learnt = fit ? learner.fit(rows.examples(), never_stop)
                              : learner.update(rows.examples(), never_stop);
    REQUIRE_FALSE(learnt);
    CHECK(learnt.error().code() == ErrorCode::kTrainingData);
    CHECK(learner.save() == before);
  }
}

TEST_CASE("linear: learning stops when asked to") {
  const Rows rows = make_rows(200, true);
  Learner learner = make_learner("{}", 3);
  const std::string before = learner.save();
  const Check stop = [] { return Status(fail(ErrorCode::kInterrupted, "interrupted")); };
  CHECK(learner.fit(rows.examples(), stop).error().code() == ErrorCode::kInterrupted);
  CHECK(learner.update(rows.examples(), stop).error().code() == ErrorCode::kInterrupted);
  CHECK(learner.save() == before);
}

TEST_CASE("linear: a row with a feature that is not finite has no prediction") {
  const Rows rows = make_rows(50, true);
  Learner learner = make_learner("{}", 3);
  CHECK(learner.predict(rows.features)[0] == 0.5);
  REQUIRE(learner.fit(rows.examples(), never_stop));
  const std::vector<double> predictions =
      learner.predict({3, {1.0, 2.0, std::numeric_limits<double>::infinity(), 1.0, 100.0, 0.0}});
  CHECK(std::isnan(predictions[0]));
  CHECK(std::isfinite(predictions[1]));
}
