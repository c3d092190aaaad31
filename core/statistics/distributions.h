// Distribution functions and their inverses. The only folder that uses Boost.Math.

#pragma once

namespace rtml::statistics {

// P(|Z| >= |z|) of a standard normal Z.
double normal_two_sided_p(double z);

// The z with P(Z <= z) = probability. REQUIRES: 0 < probability < 1.
double normal_quantile(double probability);

// P(|T| >= |t|) of Student's T. REQUIRES: degrees_of_freedom > 0, need not be whole.
double student_two_sided_p(double t, double degrees_of_freedom);

// The t with P(T <= t) = probability. REQUIRES: 0 < probability < 1, degrees_of_freedom > 0.
double student_quantile(double probability, double degrees_of_freedom);

// P(X >= x) of a chi-square X. REQUIRES: x >= 0, degrees_of_freedom > 0.
double chi_square_upper(double x, double degrees_of_freedom);

// The x with P(X <= x) = probability. REQUIRES: 0 < probability < 1, degrees_of_freedom > 0.
double chi_square_quantile(double probability, double degrees_of_freedom);

}  // namespace rtml::statistics
