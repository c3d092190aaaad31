#include "core/simulate/variates.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace rtml::simulate {

TEST_CASE("portable log: agrees with the C library") {
  for (const double x : {1.0, 2.0, 0.5, 0.7071, 1e-300, 5e-324, 1e300, 0.9999999, 1.0000001, 3.7}) {
    CAPTURE(x);
    CHECK(portable_log(x) == doctest::Approx(std::log(x)).epsilon(2e-15));
  }
  CHECK(portable_log(1) == 0);
}

TEST_CASE("variates: normal has its mean, variance and tails") {
  Variates variates(7);
  const int count = 400'000;
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const double value = variates.normal(3, 2);
    sum += value;
    squares += (value - 3) * (value - 3);
    beyond_two += std::fabs(value - 3) > 4 ? 1 : 0;
  }
  CHECK(sum / count == doctest::Approx(3).epsilon(0.005));
  CHECK(squares / count == doctest::Approx(4).epsilon(0.01));
  CHECK(beyond_two / static_cast<double>(count) == doctest::Approx(0.0455).epsilon(0.03));
}

TEST_CASE("variates: Poisson has equal mean and variance") {
  for (const double mean : {0.3, 2.0, 9.0}) {
    Variates variates(11);
    const int count = 200'000;
    double sum = 0;
    double squares = 0;
    int zeros = 0;
    for (int i = 0; i < count; ++i) {
      const auto value = static_cast<double>(variates.poisson(mean));
      sum += value;
      squares += (value - mean) * (value - mean);
      zeros += value == 0 ? 1 : 0;
    }
    CAPTURE(mean);
    CHECK(sum / count == doctest::Approx(mean).epsilon(0.01));
    CHECK(squares / count == doctest::Approx(mean).epsilon(0.02));
    CHECK(std::fabs(zeros / static_cast<double>(count) - std::exp(-mean)) < 0.004);
  }
}

}  // namespace rtml::simulate
