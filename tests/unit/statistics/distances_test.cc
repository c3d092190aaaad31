#include "core/statistics/distances.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <random>

#include "tests/support/test_data.h"

namespace rtml::statistics {
namespace {

using Counts = std::vector<std::int64_t>;

// Shares as counts, where the source gives shares.
Counts as_counts(const Json& shares) {
  Counts counts;
  for (const Json& share : shares) counts.push_back(std::llround(share.get<double>() * 1'000));
  return counts;
}

std::optional<double> computed(const Json& item) {
  const std::string metric = item["metric"];
  const Json& input = item["input"];
  if (metric == "psi" || metric == "psi_reference_deciles") {
    return population_stability_index(input["reference_counts"].get<Counts>(),
                                      input["current_counts"].get<Counts>());
  }
  if (metric == "js_distance_base2") {
    return jensen_shannon_distance(input["reference_counts"].get<Counts>(),
                                   input["current_counts"].get<Counts>());
  }
  if (metric == "js_divergence_base2") {
    const double distance = jensen_shannon_distance(as_counts(input["p"]), as_counts(input["q"]));
    return distance * distance;
  }
  if (metric == "psi_limit_chi2") {
    // The source's limit knows the current rows only, as if the reference had no end.
    return psi_chance_limit(input["bins"], std::int64_t{1} << 60, input["current_rows"],
                            input["alpha"]);
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("distances: equal the published figures") {
  int compared = 0;
  const Json cases = test::test_json("statistics/distances.json")["cases"];
  for (const Json& item : cases) {
    const std::optional<double> value = computed(item);
    if (!value) continue;
    CAPTURE(item["name"].get<std::string>());
    CAPTURE(item["metric"].get<std::string>());
    CHECK(*value == doctest::Approx(item["value"].get<double>()).epsilon(1e-9));
    ++compared;
  }
  CHECK(compared >= 11);
}

TEST_CASE("distances: are 0 for equal shares and symmetric") {
  CHECK(population_stability_index({10, 20, 30}, {1, 2, 3}) == 0);
  CHECK(jensen_shannon_distance({10, 20, 30}, {1, 2, 3}) == doctest::Approx(0).epsilon(1e-12));
  CHECK(jensen_shannon_distance({5, 0}, {0, 7}) == 1);
  CHECK(population_stability_index({9, 1}, {3, 7}) ==
        doctest::Approx(population_stability_index({3, 7}, {9, 1})).epsilon(1e-14));
}

TEST_CASE("distances: an empty bin counts with the floor, not with infinity") {
  const auto expected = [](double floor) {
    return doctest::Approx((0.4 - 0.5) * std::log(0.4 / 0.5) +
                           (0.1 - floor) * std::log(0.1 / floor))
        .epsilon(1e-12);
  };
  CHECK(population_stability_index({50, 50, 0}, {50, 40, 10}) == expected(0.005));
  CHECK(population_stability_index({50'000, 50'000, 0}, {50'000, 40'000, 10'000}) ==
        expected(1e-4));
}

TEST_CASE("chance limits: are exceeded as often as alpha says when nothing changed") {
  std::mt19937_64 engine(1);
  const int rounds = 4'000;
  const std::int64_t reference_rows = 3'000;
  const std::int64_t current_rows = 1'000;
  const double psi_limit = psi_chance_limit(10, reference_rows, current_rows, 0.05);
  const double js_limit = jensen_shannon_chance_limit(10, reference_rows, current_rows, 0.05);
  const auto draw = [&](std::int64_t rows) {
    Counts counts(10, 0);
    for (std::int64_t i = 0; i < rows; ++i) ++counts[engine() % 10];
    return counts;
  };
  int psi_alarms = 0;
  int js_alarms = 0;
  for (int round = 0; round < rounds; ++round) {
    const Counts reference = draw(reference_rows);
    const Counts current = draw(current_rows);
    psi_alarms += population_stability_index(reference, current) > psi_limit ? 1 : 0;
    js_alarms += jensen_shannon_distance(reference, current) > js_limit ? 1 : 0;
  }
  // Four standard errors of a share of 0.05 in 4,000 rounds are 0.014.
  CHECK(psi_alarms / static_cast<double>(rounds) == doctest::Approx(0.05).epsilon(0.28));
  CHECK(js_alarms / static_cast<double>(rounds) == doctest::Approx(0.05).epsilon(0.28));
}

}  // namespace rtml::statistics
