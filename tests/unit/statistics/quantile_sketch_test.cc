#include "core/statistics/quantile_sketch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace rtml::statistics {
namespace {

// A permutation of 0 to count - 1, so that the rank of each value is known.
double scrambled(std::int64_t index, std::int64_t count) {
  return static_cast<double>(index * 7'919 % count);
}

}  // namespace

TEST_CASE("quantile sketch: keeps every value while it is exact") {
  QuantileSketch sketch(8);
  for (const double value : {3.0, 1.0, 3.0, 2.0, 3.0, 1.0, 5.0, 4.0}) sketch.add(value);
  CHECK(sketch.is_exact());
  CHECK(sketch.rank_error() == 0);
  const auto sorted = sketch.take_sorted();
  REQUIRE(sorted.size() == 5);
  CHECK(sorted[0].value == 1);
  CHECK(sorted[0].weight == 2);
  CHECK(sorted[2].value == 3);
  CHECK(sorted[2].weight == 3);
}

TEST_CASE("quantile sketch: stays within the rank error it states") {
  for (const std::int64_t count : {1'001, 20'000, 100'003}) {
    for (const bool ascending : {true, false}) {
      CAPTURE(count);
      CAPTURE(ascending);
      QuantileSketch sketch(256);
      for (std::int64_t i = 0; i < count; ++i) {
        sketch.add(ascending ? static_cast<double>(i) : scrambled(i, count));
      }
      const double error = sketch.rank_error();
      CHECK_FALSE(sketch.is_exact());
      CHECK(error < 0.05);
      double worst = 0;
      std::int64_t passed = 0;
      for (const WeightedValue& item : sketch.take_sorted()) {
        // `item.value` values of the stream are below it, `passed` says the sketch.
        worst = std::max(worst, std::fabs(item.value - static_cast<double>(passed)));
        passed += item.weight;
      }
      CHECK(passed == count);
      CHECK(worst / static_cast<double>(count) <= error + 1.0 / static_cast<double>(count));
      CHECK(worst > 0);
    }
  }
}

TEST_CASE("weighted quantile: interpolates as numpy does") {
  // numpy.quantile([1, 2, 2, 10], [0, .25, .5, .9, 1])
  const std::vector<WeightedValue> sorted = {{1, 1}, {2, 2}, {10, 1}};
  CHECK(weighted_quantile(sorted, 4, 0) == 1);
  CHECK(weighted_quantile(sorted, 4, 0.25) == 1.75);
  CHECK(weighted_quantile(sorted, 4, 0.5) == 2);
  CHECK(weighted_quantile(sorted, 4, 0.9) == doctest::Approx(7.6).epsilon(1e-15));
  CHECK(weighted_quantile(sorted, 4, 1) == 10);
}

}  // namespace rtml::statistics
