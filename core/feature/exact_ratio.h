// Quotients of exact sums, rounded once to nearest, ties to even. Internal to core/feature.

#pragma once

#include <cstdint>

#include "core/feature/wide_sum.h"

namespace rtml::feature {

// Returns a / b. REQUIRES: b > 0.
double rounded_ratio(const WideNumber& a, const WideNumber& b);

// Returns the sample variance (n Σx² - (Σx)²) / (n (n - 1)) of n values. REQUIRES: n >= 2, and the
// sums are of the same values.
double rounded_variance(std::int64_t n, const WideNumber& sum, const WideNumber& squares);

}  // namespace rtml::feature
