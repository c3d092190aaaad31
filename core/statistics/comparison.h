// Tests that compare two samples by their sums, and what several of them mean together.
//
// Every difference is treatment minus control. A comparison that the numbers cannot carry (too few
// values, no variance, a baseline of zero) fails with kCannotTell and never gives a p-value of 1.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"

namespace rtml::statistics {

// A mean with the sample variance (n - 1) of what it is the mean of.
struct Estimate {
  std::int64_t count = 0;
  double mean = 0;
  double variance = 0;
};

// Sums of one sample from which every estimate follows, so that a verdict can be computed again.
struct Sums {
  std::int64_t count = 0;
  double sum = 0;
  double squares = 0;

  void add(double value) {
    ++count;
    sum += value;
    squares += value * value;
  }
};

// REQUIRES: at least one value; the variance of one is 0.
Estimate mean_of(const Sums& sums);

// Sums of a sample of pairs, for a ratio of two means.
struct PairSums {
  Sums numerator;
  Sums denominator;
  double products = 0;

  void add(double numerator_value, double denominator_value) {
    numerator.add(numerator_value);
    denominator.add(denominator_value);
    products += numerator_value * denominator_value;
  }
};

// The ratio of the means with its variance a row by the delta method:
// s_m^2/d^2 + s_d^2 m^2/d^4 - 2 s_md m/d^3. Fails where the denominator's mean is 0 or there are
// fewer than two pairs.
Result<Estimate> ratio_of(const PairSums& sums);

// A share of successes; its variance is p(1 - p).
Estimate share_of(std::int64_t successes, std::int64_t trials);

struct Comparison {
  double estimate = 0;  // The difference.
  double lower = 0;     // Of the confidence interval at 1 - alpha.
  double upper = 0;
  double statistic = 0;  // z or t.
  double p = 1;          // Two-sided.
  std::optional<double> degrees_of_freedom;
};

// The pooled two-proportion z test; the interval uses the unpooled standard error.
Result<Comparison> two_proportions(std::int64_t control_successes, std::int64_t control_trials,
                                   std::int64_t treatment_successes, std::int64_t treatment_trials,
                                   double alpha);

// Welch's test of the difference of two means, with Satterthwaite's degrees of freedom.
Result<Comparison> welch(const Estimate& control, const Estimate& treatment, double alpha);

// The same for the lift (treatment - control) / |control|, whose variance is by the delta method
// s_t^2/(n_t c^2) + s_c^2 t^2/(n_c c^4); degrees of freedom as of the difference (GrowthBook,
// docs/statistics/details). The absolute value keeps the direction where the baseline is negative.
Result<Comparison> welch_lift(const Estimate& control, const Estimate& treatment, double alpha);

struct RatioMismatch {
  double chi_square = 0;
  std::int64_t degrees_of_freedom = 0;
  double p = 1;
};

// Whether arms got their shares of the rows: Pearson's chi-square against `weights`, scaled to the
// total. An arm of weight 0 is left out; with fewer than two arms or no rows p is 1. REQUIRES:
// equally long, weights not negative.
RatioMismatch sample_ratio_mismatch(const std::vector<std::int64_t>& observed,
                                    const std::vector<double>& weights);

// Holm's step-down adjustment (1979): p-values for which "below alpha" keeps the chance of any
// false alarm among them within alpha. In the order given.
std::vector<double> holm_adjusted(const std::vector<double>& p_values);

}  // namespace rtml::statistics
