#include "core/statistics/kolmogorov_smirnov.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/support/test_data.h"

namespace rtml::statistics {
namespace {

std::int64_t sample_size(const Json& sample, const std::string& kind) {
  return kind == "linspace" ? sample[2].get<std::int64_t>()
                            : static_cast<std::int64_t>(sample.size());
}

// Counts lattice paths from (0, 0) to (n1, n2) that stay inside, by hand, as an oracle.
double p_by_counting_paths(std::int64_t limit, int n1, int n2) {
  std::vector<std::vector<double>> inside(n1 + 1, std::vector<double>(n2 + 1, 0));
  std::vector<std::vector<double>> all(n1 + 1, std::vector<double>(n2 + 1, 1));
  for (int i = 0; i <= n1; ++i) {
    for (int j = 0; j <= n2; ++j) {
      if (i > 0 && j > 0) all[i][j] = all[i - 1][j] + all[i][j - 1];
      if (std::abs(static_cast<std::int64_t>(i) * n2 - static_cast<std::int64_t>(j) * n1) >=
          limit) {
        continue;
      }
      inside[i][j] =
          i == 0 && j == 0 ? 1 : (i > 0 ? inside[i - 1][j] : 0) + (j > 0 ? inside[i][j - 1] : 0);
    }
  }
  return 1 - inside[n1][n2] / all[n1][n2];
}

}  // namespace

TEST_CASE("two-sample KS: equals SciPy on its own test cases") {
  const Json cases = test::test_json("statistics/ks.json")["cases"];
  REQUIRE(cases.size() == 11);
  for (const Json& item : cases) {
    CAPTURE(item["name"].get<std::string>());
    const Json& input = item["input"];
    const std::string kind = input["kind"];
    const std::int64_t n1 = sample_size(input["a"], kind);
    const std::int64_t n2 = sample_size(input["b"], kind);
    const double distance = item["D"];
    const bool exact = item["method"] == "exact";
    const double p =
        exact ? two_sample_ks_exact(distance, n1, n2) : two_sample_ks_asymptotic(distance, n1, n2);
    CHECK(p == doctest::Approx(item["p"].get<double>()).epsilon(1e-9));
    CHECK(two_sample_ks(distance, n1, n2).exact == (std::max(n1, n2) <= kExactKsRows));
  }
}

TEST_CASE("two-sample KS: a far tail keeps its relative precision") {
  // scipy.stats.ks_2samp, 10,000 against 110 values at distance 55275/110000, exact.
  CHECK(two_sample_ks_exact(55'275.0 / 110'000, 10'000, 110) / 6.263465662260852e-26 ==
        doctest::Approx(1).epsilon(1e-9));
}

TEST_CASE("two-sample KS: equals a count of lattice paths for every distance") {
  for (const auto& [n1, n2] : {std::pair{1, 1}, {3, 7}, {8, 8}, {12, 5}, {20, 21}}) {
    for (int limit = 0; limit <= n1 * n2; ++limit) {
      CAPTURE(n1);
      CAPTURE(n2);
      CAPTURE(limit);
      const double distance = static_cast<double>(limit) / (n1 * n2);
      CHECK(two_sample_ks_exact(distance, n1, n2) ==
            doctest::Approx(p_by_counting_paths(limit, n1, n2)).epsilon(1e-9));
    }
  }
}

TEST_CASE("Kolmogorov: known values of small samples") {
  // P(D_1 < d) = 2d - 1 for d in [1/2, 1]; P(D_2 < d) = 2(2d - 1/2)^2 for d in [1/4, 1/2].
  CHECK(kolmogorov_upper(0.75, 1) == doctest::Approx(0.5).epsilon(1e-14));
  CHECK(kolmogorov_upper(0.4, 2) == doctest::Approx(1 - 2 * 0.3 * 0.3).epsilon(1e-14));
  // Marsaglia, Tsang and Wang 2003: P(D_10 < 0.274) = 0.6284796154565043.
  CHECK(kolmogorov_upper(0.274, 10) == doctest::Approx(1 - 0.6284796154565043).epsilon(1e-12));
  CHECK(kolmogorov_upper(0, 10) == 1);
  CHECK(kolmogorov_upper(1, 10) == 0);
}

TEST_CASE("Kolmogorov: equals SciPy in the reach of every method") {
  // scipy.stats.kstwo.sf(distance, count), SciPy 1.17.1.
  struct Known {
    std::int64_t count;
    double distance;
    double p;
  };
  for (const Known& known : std::initializer_list<Known>{
           {50, 0.12, 0.4337679661310233},
           {100, 0.25, 5.408871776434847e-06},
           {141, 0.1, 0.11128445516467944},
           {200, 0.0707, 0.25780924412174056},
           {293, 0.06, 0.2326721953982609},
           {488, 0.04, 0.40515627979046387},
           {1'000, 0.06, 0.001428597887952891},
           {2'000, 0.02, 0.3953133626892045},
           {22'222, 0.005, 0.6331173685159197},
           {144'000, 0.0017, 0.798880899922642},
           {5'000'000, 0.0004, 0.40036692000218665},
       }) {
    CAPTURE(known.count);
    CHECK(kolmogorov_upper(known.distance, known.count) / known.p ==
          doctest::Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("Kolmogorov: the methods meet where one takes over from another") {
  for (const std::int64_t n : {141, 500, 5'000, 50'000}) {
    const double by_power = std::pow(1.4 / static_cast<double>(n), 1 / 1.5);
    const double by_square = std::sqrt(2.2 / static_cast<double>(n));
    for (const double distance : {by_power, by_square}) {
      CAPTURE(n);
      CAPTURE(distance);
      // The series leaves out terms of order 1/n^2.
      CHECK(kolmogorov_upper(distance * (1 - 1e-9), n) ==
            doctest::Approx(kolmogorov_upper(distance * (1 + 1e-9), n))
                .epsilon(n == 141 ? 3e-5 : 3e-6));
    }
  }
}

TEST_CASE("Kolmogorov: tends to the limiting law") {
  // P(sqrt(n) D >= 1) tends to 2 sum (-1)^(k-1) exp(-2 k^2) = 0.26999967.
  CHECK(kolmogorov_upper(1e-4, 100'000'000) == doctest::Approx(0.26999967).epsilon(2e-4));
  CHECK(kolmogorov_upper(0.05, 10'000'000) == 0);
}

TEST_CASE("Smirnov: the one-sided sum has its closed forms") {
  // P(D+_1 >= x) = 1 - x; P(D+_n >= x) = (1 - x)^n for x >= 1 - 1/n.
  CHECK(smirnov_one_sided_upper(0.3, 1) == doctest::Approx(0.7).epsilon(1e-14));
  CHECK(smirnov_one_sided_upper(0.95, 10) == doctest::Approx(std::pow(0.05, 10)).epsilon(1e-10));
  // The sum and the approximation agree where one takes over.
  CHECK(smirnov_one_sided_upper(0.002, 1'000'000) ==
        doctest::Approx(smirnov_one_sided_upper(0.002, 1'000'001)).epsilon(1e-3));
}

}  // namespace rtml::statistics
