// How probable a Kolmogorov-Smirnov distance is between two samples of one distribution.

#pragma once

#include <cstdint>

namespace rtml::statistics {

// P(D_n >= distance), two-sided, for one sample of n values against a continuous distribution.
//
// Chosen as Simard and L'Ecuyer (Journal of Statistical Software 39(11), 2011) compare the methods:
// the matrix power of Marsaglia, Tsang and Wang (2003) where n <= 140 or n * distance^1.5 <= 1.4,
// the series of Pelz and Good (1976) elsewhere, and in the upper tail (n * distance^2 >= 2.2) twice
// the one-sided probability. Within 1e-9 of scipy.stats.kstwo.sf. REQUIRES: count >= 1.
double kolmogorov_upper(double distance, std::int64_t count);

// P(D+_n >= distance), one-sided: the sum of Birnbaum and Tingey (1951); for more than a million
// values the approximation of Maag and Dicaire (1971).
double smirnov_one_sided_upper(double distance, std::int64_t count);

struct KsProbability {
  double p;
  bool exact;
};

// The two-sided p-value of a distance between samples of n1 and n2 values.
//
// Exact where the larger has at most kExactKsRows values: the probability that a random path from
// (0, 0) to (n1, n2) touches |i/n1 - j/n2| >= distance. Otherwise kolmogorov_upper() with
// round(n1 * n2 / (n1 + n2)) values, as scipy.stats.ks_2samp does. Ties are not corrected for, so
// that p is too large, never too small, where values repeat. REQUIRES: n1, n2 >= 1.
inline constexpr std::int64_t kExactKsRows = 10'000;
KsProbability two_sample_ks(double distance, std::int64_t n1, std::int64_t n2);

// The exact probability alone, for any sizes; takes time proportional to distance * n1 * n2.
double two_sample_ks_exact(double distance, std::int64_t n1, std::int64_t n2);

// The other of the two, for any sizes.
double two_sample_ks_asymptotic(double distance, std::int64_t n1, std::int64_t n2);

}  // namespace rtml::statistics
