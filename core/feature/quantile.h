// The exact quantile of numbers in order: Hyndman and Fan, Sample Quantiles in Statistical Packages
// (1996), definition 7, the default of numpy.quantile, whose rounding this is. Internal to
// core/feature.

#pragma once

#include <cmath>
#include <cstddef>

#include "core/feature/exact_sum.h"

namespace rtml::feature {

// Where a quantile lies: `share` of the way from the number of this index to the next one.
struct QuantilePlace {
  std::size_t index = 0;
  double share = 0;
};

// REQUIRES: count > 0, 0 <= probability <= 1.
inline QuantilePlace quantile_place(std::size_t count, double probability) {
  const double position = static_cast<double>(count - 1) * probability;
  const double floor = std::floor(position);
  return {static_cast<std::size_t>(floor), position - floor};
}

// The number at `share` (0 to 1) of the way from `lower` to `upper`.
inline double between(double lower, double upper, double share) {
  if (lower == upper || share == 0) return lower;
  if (std::isinf(lower) || std::isinf(upper)) return canonical(lower + upper);
  const double difference = upper - lower;
  if (std::isinf(difference)) return lower * (1 - share) + upper * share;
  return share >= 0.5 ? upper - difference * (1 - share) : lower + difference * share;
}

}  // namespace rtml::feature
