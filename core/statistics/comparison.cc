#include "core/statistics/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/statistics/distributions.h"

namespace rtml::statistics {
namespace {

double sample_variance(double squares, double first_sum, double second_sum, std::int64_t count) {
  const double n = static_cast<double>(count);
  return (squares - first_sum * second_sum / n) / (n - 1);
}

// Differences whose standard error is smaller than rounding of the means can make.
bool has_variance(double standard_error, double scale) {
  return standard_error > 1e-14 * std::fabs(scale) && standard_error > 0;
}

// Satterthwaite's approximation for the sum of two variances of means.
double welch_degrees(const Estimate& control, const Estimate& treatment) {
  const double c = control.variance / static_cast<double>(control.count);
  const double t = treatment.variance / static_cast<double>(treatment.count);
  return (c + t) * (c + t) /
         (c * c / static_cast<double>(control.count - 1) +
          t * t / static_cast<double>(treatment.count - 1));
}

Status check_sizes(const Estimate& control, const Estimate& treatment) {
  if (control.count >= 2 && treatment.count >= 2) return {};
  return fail(ErrorCode::kCannotTell,
              "cannot compare means of fewer than two values: " + std::to_string(control.count) +
                  " and " + std::to_string(treatment.count));
}

Comparison student_comparison(double estimate, double standard_error, double degrees,
                              double alpha) {
  Comparison comparison;
  comparison.estimate = estimate;
  comparison.statistic = estimate / standard_error;
  comparison.degrees_of_freedom = degrees;
  comparison.p = student_two_sided_p(comparison.statistic, degrees);
  const double half = student_quantile(1 - alpha / 2, degrees) * standard_error;
  comparison.lower = estimate - half;
  comparison.upper = estimate + half;
  return comparison;
}

}  // namespace

Estimate mean_of(const Sums& sums) {
  Estimate estimate{sums.count, sums.sum / static_cast<double>(sums.count), 0};
  if (sums.count > 1) {
    estimate.variance =
        std::max(0.0, sample_variance(sums.squares, sums.sum, sums.sum, sums.count));
  }
  return estimate;
}

Result<Estimate> ratio_of(const PairSums& sums) {
  const std::int64_t count = sums.numerator.count;
  if (count < 2) {
    return fail(ErrorCode::kCannotTell,
                "cannot take a ratio over fewer than two rows: " + std::to_string(count));
  }
  const Sums& numerator = sums.numerator;
  const Sums& denominator = sums.denominator;
  const double m = numerator.sum / static_cast<double>(count);
  const double d = denominator.sum / static_cast<double>(count);
  if (d == 0) return fail(ErrorCode::kCannotTell, "cannot take a ratio: its denominator is 0");
  const double m_variance = sample_variance(numerator.squares, numerator.sum, numerator.sum, count);
  const double d_variance =
      sample_variance(denominator.squares, denominator.sum, denominator.sum, count);
  const double covariance = sample_variance(sums.products, numerator.sum, denominator.sum, count);
  const double variance = m_variance / (d * d) + d_variance * m * m / (d * d * d * d) -
                          2 * covariance * m / (d * d * d);
  return Estimate{count, m / d, std::max(0.0, variance)};
}

Estimate share_of(std::int64_t successes, std::int64_t trials) {
  const double share = static_cast<double>(successes) / static_cast<double>(trials);
  return {trials, share, share * (1 - share)};
}

Result<Comparison> two_proportions(std::int64_t control_successes, std::int64_t control_trials,
                                   std::int64_t treatment_successes, std::int64_t treatment_trials,
                                   double alpha) {
  if (control_trials < 1 || treatment_trials < 1) {
    return fail(ErrorCode::kCannotTell, "cannot compare shares: an arm has no rows to count");
  }
  const double nc = static_cast<double>(control_trials);
  const double nt = static_cast<double>(treatment_trials);
  const double pc = static_cast<double>(control_successes) / nc;
  const double pt = static_cast<double>(treatment_successes) / nt;
  const double pooled = static_cast<double>(control_successes + treatment_successes) / (nc + nt);
  const double pooled_error = std::sqrt(pooled * (1 - pooled) * (1 / nc + 1 / nt));
  if (pooled_error == 0) {
    return fail(ErrorCode::kCannotTell,
                "cannot compare shares: both are " + std::string(pooled == 0 ? "0" : "1"));
  }
  Comparison comparison;
  comparison.estimate = pt - pc;
  comparison.statistic = comparison.estimate / pooled_error;
  comparison.p = normal_two_sided_p(comparison.statistic);
  const double half =
      normal_quantile(1 - alpha / 2) * std::sqrt(pc * (1 - pc) / nc + pt * (1 - pt) / nt);
  comparison.lower = comparison.estimate - half;
  comparison.upper = comparison.estimate + half;
  return comparison;
}

Result<Comparison> welch(const Estimate& control, const Estimate& treatment, double alpha) {
  RTML_TRY(check_sizes(control, treatment));
  const double error = std::sqrt(control.variance / static_cast<double>(control.count) +
                                 treatment.variance / static_cast<double>(treatment.count));
  if (!has_variance(error, std::max(std::fabs(control.mean), std::fabs(treatment.mean)))) {
    return fail(ErrorCode::kCannotTell, "cannot compare means: the values do not vary");
  }
  return student_comparison(treatment.mean - control.mean, error, welch_degrees(control, treatment),
                            alpha);
}

Result<Comparison> welch_lift(const Estimate& control, const Estimate& treatment, double alpha) {
  RTML_TRY(check_sizes(control, treatment));
  if (control.mean == 0) {
    return fail(ErrorCode::kCannotTell, "cannot compute a lift: the control's value is 0");
  }
  const double c2 = control.mean * control.mean;
  const double error = std::sqrt(treatment.variance / (static_cast<double>(treatment.count) * c2) +
                                 control.variance * treatment.mean * treatment.mean /
                                     (static_cast<double>(control.count) * c2 * c2));
  if (!has_variance(error, treatment.mean / control.mean)) {
    return fail(ErrorCode::kCannotTell, "cannot compute a lift: the values do not vary");
  }
  return student_comparison((treatment.mean - control.mean) / std::fabs(control.mean), error,
                            welch_degrees(control, treatment), alpha);
}

RatioMismatch sample_ratio_mismatch(const std::vector<std::int64_t>& observed,
                                    const std::vector<double>& weights) {
  double rows = 0;
  double weight_sum = 0;
  std::int64_t arms = 0;
  for (std::size_t arm = 0; arm < observed.size(); ++arm) {
    if (weights[arm] <= 0) continue;
    rows += static_cast<double>(observed[arm]);
    weight_sum += weights[arm];
    ++arms;
  }
  RatioMismatch mismatch;
  mismatch.degrees_of_freedom = std::max<std::int64_t>(0, arms - 1);
  if (arms < 2 || rows == 0) return mismatch;
  for (std::size_t arm = 0; arm < observed.size(); ++arm) {
    if (weights[arm] <= 0) continue;
    const double expected = rows * weights[arm] / weight_sum;
    const double difference = static_cast<double>(observed[arm]) - expected;
    mismatch.chi_square += difference * difference / expected;
  }
  mismatch.p =
      chi_square_upper(mismatch.chi_square, static_cast<double>(mismatch.degrees_of_freedom));
  return mismatch;
}

std::vector<double> holm_adjusted(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double factor = static_cast<double>(order.size() - rank);
    highest = std::max(highest, std::min(1.0, factor * p_values[order[rank]]));
    adjusted[order[rank]] = highest;
  }
  return adjusted;
}

}  // namespace rtml::statistics
