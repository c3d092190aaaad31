// Distances between two distributions given as counts over the same bins, and the limits that
// chance alone would exceed with a given probability.

#pragma once

#include <cstdint>
#include <vector>

namespace rtml::statistics {

// The least share of a bin in a population stability index, which a bin without values would make
// infinite: 1e-4, the value that Evidently puts in, or half a row where that is more, since a small
// sample cannot show that a bin is as rare as that.
double psi_share_floor(std::int64_t rows);

// The population stability index, sum of (c - r) ln(c / r) over the shares of the bins; natural
// logarithm. REQUIRES: equally long, each with a positive sum.
double population_stability_index(const std::vector<std::int64_t>& reference,
                                  const std::vector<std::int64_t>& current);

// The index that two samples of one distribution exceed with probability alpha: the chi-square
// quantile with bins - 1 degrees of freedom times (1/N + 1/M) (Yurdakul 2018, Statistical
// Properties of Population Stability Index). 0 for one bin.
double psi_chance_limit(std::int64_t bins, std::int64_t reference_rows, std::int64_t current_rows,
                        double alpha);

// The Jensen-Shannon distance: the square root of the divergence to base 2, between 0 and 1.
// REQUIRES: as above.
double jensen_shannon_distance(const std::vector<std::int64_t>& reference,
                               const std::vector<std::int64_t>& current);

// The distance that two samples of one distribution exceed with probability alpha. For near shares
// the divergence is sum of (p - q)^2 / p / (8 ln 2), and (p - q)^2 / p / (1/N + 1/M) is chi-square
// with bins - 1 degrees of freedom. 0 for one bin.
double jensen_shannon_chance_limit(std::int64_t bins, std::int64_t reference_rows,
                                   std::int64_t current_rows, double alpha);

}  // namespace rtml::statistics
