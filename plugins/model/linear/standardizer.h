// Brings features to mean 0 and deviation 1, of the values seen so far.
//
// A value. Nulls are not seen; a null becomes 0 when standardised, which is the feature's mean.

#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace rtml::linear {

// What stands for a null in a row of doubles, and what it is tested by.
inline constexpr double kNull = std::numeric_limits<double>::quiet_NaN();
inline bool is_null(double value) {
  return std::isnan(value);
}

// Count, mean and population variance of one feature, one value at a time: Welford, Technometrics 4
// (1962), in the form of River's StandardScaler, which keeps the variance instead of the sum.
struct FeatureMoments {
  std::int64_t count = 0;
  double mean = 0.0;
  double variance = 0.0;

  void add(double value) {
    ++count;
    const double before = mean;
    mean += (value - before) / static_cast<double>(count);
    variance += ((value - before) * (value - mean) - variance) / static_cast<double>(count);
  }
  double deviation() const { return std::sqrt(variance); }
  // 0 for a null and for a feature that has had one value only.
  double standardize(double value) const {
    return is_null(value) || !(variance > 0.0) ? 0.0 : (value - mean) / deviation();
  }
  // The value itself, the mean for a null.
  double impute(double value) const { return is_null(value) ? mean : value; }
};

}  // namespace rtml::linear
