#include "core/statistics/kolmogorov_smirnov.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace rtml::statistics {
namespace {

constexpr double kPi = std::numbers::pi;

// A square matrix times 2^exponent, so that high powers neither overflow nor vanish.
struct ScaledMatrix {
  int size;
  std::vector<double> cells;
  int exponent = 0;

  double at(int row, int column) const { return cells[row * size + column]; }
};

ScaledMatrix multiply(const ScaledMatrix& a, const ScaledMatrix& b) {
  ScaledMatrix product{a.size, std::vector<double>(a.cells.size(), 0.0), a.exponent + b.exponent};
  for (int row = 0; row < a.size; ++row) {
    for (int k = 0; k < a.size; ++k) {
      const double factor = a.at(row, k);
      if (factor == 0) continue;
      const double* from = &b.cells[k * a.size];
      double* to = &product.cells[row * a.size];
      for (int column = 0; column < a.size; ++column) to[column] += factor * from[column];
    }
  }
  int shift = 0;
  std::frexp(product.at(a.size / 2, a.size / 2), &shift);
  if (std::abs(shift) > 400) {
    for (double& cell : product.cells) cell = std::ldexp(cell, -shift);
    product.exponent += shift;
  }
  return product;
}

// P(D_n < distance): n!/n^n times the middle cell of the n-th power of a matrix (Durbin 1973;
// Marsaglia, Tsang and Wang, Journal of Statistical Software 8(18), 2003).
double durbin_lower(double distance, std::int64_t count) {
  const double n = static_cast<double>(count);
  const int k = static_cast<int>(n * distance) + 1;
  const int size = 2 * k - 1;
  const double h = k - n * distance;
  ScaledMatrix base{size, std::vector<double>(static_cast<std::size_t>(size) * size, 0.0)};
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column <= std::min(row + 1, size - 1); ++column) {
      base.cells[row * size + column] = 1;
    }
  }
  for (int i = 0; i < size; ++i) {
    base.cells[i * size] -= std::pow(h, i + 1);
    base.cells[(size - 1) * size + i] -= std::pow(h, size - i);
  }
  if (2 * h > 1) base.cells[(size - 1) * size] += std::pow(2 * h - 1, size);
  for (int row = 0; row < size; ++row) {
    double factorial = 1;
    for (int column = row; column >= 0; --column) {
      factorial *= row - column + 1;
      base.cells[row * size + column] /= factorial;
    }
  }
  // The power by squaring, from the highest bit.
  ScaledMatrix power = base;
  int bit = 62;
  while ((count >> bit & 1) == 0) --bit;
  for (--bit; bit >= 0; --bit) {
    power = multiply(power, power);
    if ((count >> bit & 1) != 0) power = multiply(power, base);
  }
  double probability = power.at(k - 1, k - 1);
  int exponent = power.exponent;
  for (std::int64_t i = 1; i <= count; ++i) {
    probability *= static_cast<double>(i) / n;
    if (probability < 1e-140) {
      probability = std::ldexp(probability, 400);
      exponent -= 400;
    }
  }
  return std::ldexp(probability, exponent);
}

// P(D_n < distance) by the first four terms of the series in powers of n^-1/2 (Pelz and Good,
// Journal of the Royal Statistical Society B 38, 1976; as Simard and L'Ecuyer 2011 print it).
double pelz_good_lower(double distance, std::int64_t count) {
  const double n = static_cast<double>(count);
  const double z = std::sqrt(n) * distance;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  // Terms at half-integers k + 1/2; the sums over negative k repeat them.
  for (int k = 0; k < 40; ++k) {
    const double half = (k + 0.5) * kPi;
    const double a = half * half;
    const double weight = std::exp(-a / (2 * z2));
    k0 += weight;
    k1 += (a - z2) * weight;
    k2 += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * a + (1 - 2 * z2) * a * a) * weight;
    k3 += ((5 - 30 * z2) * a * a * a + (-60 * z2 + 212 * z4) * a * a + (135 * z4 - 96 * z6) * a -
           30 * z6 - 90 * z4 * z4) *
          weight;
  }
  double k2_whole = 0;
  double k3_whole = 0;
  for (int k = 1; k < 40; ++k) {
    const double a = k * kPi * (k * kPi);
    const double weight = std::exp(-a / (2 * z2));
    k2_whole += a * weight;
    k3_whole += (3 * a * z2 - a * a) * weight;
  }
  const double root = std::sqrt(kPi / 2);
  const double first = 2 * root / z * k0;
  const double second = 2 * root / (6 * z4) * k1;
  const double third = 2 * root * (k2 / (72 * z6 * z) - k2_whole / (36 * z2 * z));
  const double fourth = 2 * root * (k3 / (6480 * z6 * z4) + k3_whole / (216 * z6));
  return first + second / std::sqrt(n) + third / n + fourth / (n * std::sqrt(n));
}

}  // namespace

double smirnov_one_sided_upper(double distance, std::int64_t count) {
  if (distance <= 0) return 1;
  if (distance >= 1) return 0;
  if (count > 1'000'000) {
    const double n = static_cast<double>(count);
    const double reach = 6 * n * distance + 1;
    return std::exp(-reach * reach / (18 * n));
  }
  // All terms are positive; long double keeps the sum of large logarithms exact enough.
  const long double n = static_cast<long double>(count);
  const long double x = distance;
  long double sum = 0;
  long double log_binomial = 0;
  const auto last = static_cast<std::int64_t>(std::floor(n * (1 - x)));
  for (std::int64_t j = 0; j <= last; ++j) {
    const long double share = static_cast<long double>(j) / n;
    const long double rest = 1 - x - share;
    if (rest > 0) {
      sum += std::exp(log_binomial + static_cast<long double>(j - 1) * std::log(x + share) +
                      static_cast<long double>(count - j) * std::log(rest));
    } else if (j == count) {
      sum += std::pow(x + share, static_cast<long double>(count - 1));
    }
    log_binomial += std::log(static_cast<long double>(count - j) / static_cast<long double>(j + 1));
  }
  return std::min(1.0, static_cast<double>(x * sum));
}

double kolmogorov_upper(double distance, std::int64_t count) {
  const double n = static_cast<double>(count);
  if (distance <= 0.5 / n) return 1;
  if (distance >= 1) return 0;
  const double squared = n * distance * distance;
  if (squared >= 370) return 0;
  if (distance >= 0.5 || squared >= 2.2) {
    return std::min(1.0, 2 * smirnov_one_sided_upper(distance, count));
  }
  const bool by_matrix = count <= 140 || (count <= 100'000 && n * std::pow(distance, 1.5) <= 1.4);
  const double lower = by_matrix ? durbin_lower(distance, count) : pelz_good_lower(distance, count);
  return std::clamp(1 - lower, 0.0, 1.0);
}

double two_sample_ks_exact(double distance, std::int64_t n1, std::int64_t n2) {
  // A distance is a whole multiple of 1/(n1 * n2), so that the test on the path is one of integers.
  const std::int64_t limit =
      std::llround(distance * static_cast<double>(n1) * static_cast<double>(n2));
  if (limit <= 0) return 1;
  // reached[j] is the probability that a path to (i, j) has touched the limit; 1 outside it. The
  // cells inside move up with i, so those not yet met still hold 1.
  std::vector<double> reached(static_cast<std::size_t>(n2) + 1, 1.0);
  for (std::int64_t i = 0; i <= n1; ++i) {
    // Inside: -limit < i * n2 - j * n1 < limit.
    const std::int64_t centre = i * n2;
    const std::int64_t low =
        std::max<std::int64_t>(0, (centre - limit) < 0 ? 0 : (centre - limit) / n1 + 1);
    const std::int64_t high = std::min(n2, (centre + limit - 1) / n1);
    double left = 1;
    for (std::int64_t j = low; j <= high; ++j) {
      const double steps = static_cast<double>(i + j);
      if (i == 0 && j == 0) {
        left = 0;
      } else if (j == 0) {
        left = reached[0];
      } else if (i != 0) {
        left = (static_cast<double>(i) * reached[j] + static_cast<double>(j) * left) / steps;
      }
      reached[j] = left;
    }
  }
  return reached[n2];
}

double two_sample_ks_asymptotic(double distance, std::int64_t n1, std::int64_t n2) {
  const double n = static_cast<double>(n1) * static_cast<double>(n2) /
                   (static_cast<double>(n1) + static_cast<double>(n2));
  return kolmogorov_upper(distance, std::max<std::int64_t>(1, std::llround(n)));
}

KsProbability two_sample_ks(double distance, std::int64_t n1, std::int64_t n2) {
  if (std::max(n1, n2) <= kExactKsRows) return {two_sample_ks_exact(distance, n1, n2), true};
  return {two_sample_ks_asymptotic(distance, n1, n2), false};
}

}  // namespace rtml::statistics
