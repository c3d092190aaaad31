#include "core/statistics/comparison.h"

#include <doctest/doctest.h>

#include "core/statistics/distributions.h"
#include "tests/support/test_data.h"

namespace rtml::statistics {
namespace {

std::vector<Json> cases_of(const std::string& test) {
  std::vector<Json> found;
  const Json cases = test::test_json("statistics/ab_statistics.json")["cases"];
  for (const Json& item : cases) {
    if (item["test"] == test) found.push_back(item);
  }
  return found;
}

doctest::Approx near(const Json& expected) {
  return doctest::Approx(expected.get<double>()).epsilon(1e-9);
}

Estimate estimate_of(const Json& sample) {
  if (sample.is_array()) {
    Sums sums;
    for (const Json& value : sample) sums.add(value);
    return mean_of(sums);
  }
  if (sample.contains("x")) return share_of(sample["x"], sample["n"]);
  return mean_of({sample["n"], sample["sum"], sample["sum_squares"]});
}

PairSums pair_sums(const Json& row) {
  PairSums sums;
  sums.numerator = {row[5], row[0], row[1]};
  sums.denominator = {row[5], row[2], row[3]};
  sums.products = row[4];
  return sums;
}

}  // namespace

TEST_CASE("two proportions: equals statsmodels") {
  for (const Json& item : cases_of("two_proportion_z")) {
    const Json& in = item["input"];
    const auto result = two_proportions(in["x2"], in["n2"], in["x1"], in["n1"], 0.05);
    REQUIRE(result);
    CHECK(result->statistic == near(item["expected"]["z"]));
    CHECK(result->p == near(item["expected"]["p"]));
    // The interval uses the unpooled standard error, the one of z_unpooled.
    const double error = result->estimate / item["expected"]["z_unpooled"].get<double>();
    CHECK(result->upper - result->estimate ==
          doctest::Approx(1.959963984540054 * error).epsilon(1e-9));
  }
}

TEST_CASE("Welch: equals GrowthBook and R, absolute and relative") {
  const std::vector<Json> cases = cases_of("welch");
  REQUIRE(cases.size() == 5);
  for (const Json& item : cases) {
    CAPTURE(item["name"].get<std::string>());
    const Json& in = item["input"];
    const Estimate control = estimate_of(in["control"]);
    const Estimate treatment = estimate_of(in["treatment"]);
    const auto result = in["difference"] == "relative" ? welch_lift(control, treatment, in["alpha"])
                                                       : welch(control, treatment, in["alpha"]);
    REQUIRE(result);
    const Json& expected = item["expected"];
    CHECK(result->estimate == near(expected["estimate"]));
    CHECK(result->statistic == near(expected["t"]));
    CHECK(*result->degrees_of_freedom == near(expected["df"]));
    CHECK(result->p == near(expected["p"]));
    CHECK(result->lower == near(expected["ci"][0]));
    CHECK(result->upper == near(expected["ci"][1]));
  }
}

TEST_CASE("lift: keeps the direction of a negative baseline") {
  const auto result = welch_lift({10, -10, 1}, {10, -5, 1}, 0.05);
  REQUIRE(result);
  CHECK(result->estimate == 0.5);
}

TEST_CASE("ratio: equals GrowthBook's delta method") {
  for (const Json& item : cases_of("ratio_delta")) {
    const auto control = ratio_of(pair_sums(item["input"]["control"]));
    const auto treatment = ratio_of(pair_sums(item["input"]["treatment"]));
    REQUIRE(control);
    REQUIRE(treatment);
    const Json& expected = item["expected"];
    CHECK(control->mean == near(expected["control_ratio"]));
    CHECK(treatment->mean == near(expected["treatment_ratio"]));
    CHECK(control->variance == near(expected["control_variance"]));
    CHECK(treatment->variance == near(expected["treatment_variance"]));
    const auto lift = welch_lift(*control, *treatment, 0.05);
    REQUIRE(lift);
    CHECK(lift->estimate == near(expected["estimate"]));
    CHECK(lift->p == near(expected["p"]));
    CHECK(*lift->degrees_of_freedom == near(expected["df"]));
  }
}

TEST_CASE("sample ratio mismatch: equals GrowthBook, arms of weight 0 left out") {
  const std::vector<Json> cases = cases_of("srm");
  REQUIRE(cases.size() >= 9);
  for (const Json& item : cases) {
    CAPTURE(item["name"].get<std::string>());
    const RatioMismatch mismatch =
        sample_ratio_mismatch(item["input"]["observed"].get<std::vector<std::int64_t>>(),
                              item["input"]["weights"].get<std::vector<double>>());
    CHECK(mismatch.chi_square == near(item["expected"]["chi2"]));
    CHECK(mismatch.p == near(item["expected"]["p"]));
    CHECK(static_cast<double>(mismatch.degrees_of_freedom) == item["expected"]["df"].get<double>());
  }
}

TEST_CASE("Holm: equals statsmodels, in the order given") {
  for (const Json& item : cases_of("holm")) {
    const std::vector<double> adjusted =
        holm_adjusted(item["input"]["p"].get<std::vector<double>>());
    const Json& expected = item["expected"]["adjusted"];
    REQUIRE(adjusted.size() == expected.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) CHECK(adjusted[i] == near(expected[i]));
  }
  CHECK(holm_adjusted({}).empty());
}

TEST_CASE("comparisons: numbers that carry no test fail instead of giving p = 1") {
  const auto cannot_tell = [](const auto& result) {
    return !result && result.error().code() == ErrorCode::kCannotTell;
  };
  CHECK(cannot_tell(two_proportions(0, 0, 1, 2, 0.05)));
  CHECK(cannot_tell(two_proportions(0, 10, 0, 12, 0.05)));
  CHECK(cannot_tell(two_proportions(10, 10, 12, 12, 0.05)));
  CHECK(cannot_tell(welch({1, 2, 0}, {9, 3, 1}, 0.05)));
  CHECK(cannot_tell(welch({5, 2, 0}, {9, 2, 0}, 0.05)));
  CHECK(cannot_tell(welch_lift({5, 0, 1}, {9, 2, 1}, 0.05)));
  CHECK(cannot_tell(ratio_of(PairSums{})));
}

TEST_CASE("distributions: equal tables to their printed digits") {
  CHECK(normal_two_sided_p(1.959963984540054) == doctest::Approx(0.05).epsilon(1e-12));
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-14));
  CHECK(student_quantile(0.975, 10) == doctest::Approx(2.228138852).epsilon(1e-9));
  CHECK(student_two_sided_p(-2.228138852, 10) == doctest::Approx(0.05).epsilon(1e-8));
  CHECK(chi_square_quantile(0.95, 9) == doctest::Approx(16.918977604620448).epsilon(1e-12));
  CHECK(chi_square_upper(16.918977604620448, 9) == doctest::Approx(0.05).epsilon(1e-12));
}

}  // namespace rtml::statistics
