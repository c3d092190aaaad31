#include "core/simulate/variates.h"

#include <cmath>
#include <limits>

namespace rtml::simulate {

double portable_log(double x) {
  constexpr double kLogOfTwo = 0.693147180559945309417;
  constexpr double kRootOfHalf = 0.70710678118654752440;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // In [1/2, 1), exact.
  if (mantissa < kRootOfHalf) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 atanh(s) with s = (m - 1) / (m + 1), |s| < 0.1716; the terms up to s^21.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double series = 0;
  for (int power = 21; power >= 1; power -= 2) series = series * square + 1.0 / power;
  return 2 * s * series + exponent * kLogOfTwo;
}

double Variates::normal(double mean, double deviation) {
  if (has_spare_) {
    has_spare_ = false;
    return mean + deviation * spare_;
  }
  double x = 0;
  double y = 0;
  double square = 0;
  do {
    x = uniform(-1, 1);
    y = uniform(-1, 1);
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double factor = std::sqrt(-2 * portable_log(square) / square);
  spare_ = y * factor;
  has_spare_ = true;
  return mean + deviation * (x * factor);
}

std::int64_t Variates::poisson(double mean) {
  std::int64_t count = 0;
  double passed = 0;
  while (true) {
    passed -= portable_log(1 - random_.uniform());  // Of (0, 1].
    if (passed > mean) return count;
    ++count;
  }
}

}  // namespace rtml::simulate
