#include "core/statistics/distances.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/statistics/distributions.h"

namespace rtml::statistics {
namespace {

double total(const std::vector<std::int64_t>& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

double chi_square_scaled(std::int64_t bins, std::int64_t reference_rows, std::int64_t current_rows,
                         double alpha) {
  if (bins < 2) return 0;
  return chi_square_quantile(1 - alpha, static_cast<double>(bins - 1)) *
         (1 / static_cast<double>(reference_rows) + 1 / static_cast<double>(current_rows));
}

// The part of a bin in a divergence from the mean of both shares, in bits.
double divergence_part(double share, double middle) {
  return share == 0 ? 0 : share * std::log2(share / middle);
}

}  // namespace

double psi_share_floor(std::int64_t rows) {
  return std::max(1e-4, 0.5 / static_cast<double>(rows));
}

double population_stability_index(const std::vector<std::int64_t>& reference,
                                  const std::vector<std::int64_t>& current) {
  const double reference_total = total(reference);
  const double current_total = total(current);
  const double reference_floor = psi_share_floor(static_cast<std::int64_t>(reference_total));
  const double current_floor = psi_share_floor(static_cast<std::int64_t>(current_total));
  double index = 0;
  for (std::size_t bin = 0; bin < reference.size(); ++bin) {
    const double r =
        std::max(static_cast<double>(reference[bin]) / reference_total, reference_floor);
    const double c = std::max(static_cast<double>(current[bin]) / current_total, current_floor);
    index += (c - r) * std::log(c / r);
  }
  return index;
}

double psi_chance_limit(std::int64_t bins, std::int64_t reference_rows, std::int64_t current_rows,
                        double alpha) {
  return chi_square_scaled(bins, reference_rows, current_rows, alpha);
}

double jensen_shannon_distance(const std::vector<std::int64_t>& reference,
                               const std::vector<std::int64_t>& current) {
  const double reference_total = total(reference);
  const double current_total = total(current);
  double divergence = 0;
  for (std::size_t bin = 0; bin < reference.size(); ++bin) {
    const double r = static_cast<double>(reference[bin]) / reference_total;
    const double c = static_cast<double>(current[bin]) / current_total;
    const double middle = (r + c) / 2;
    divergence += (divergence_part(r, middle) + divergence_part(c, middle)) / 2;
  }
  return std::sqrt(std::clamp(divergence, 0.0, 1.0));
}

double jensen_shannon_chance_limit(std::int64_t bins, std::int64_t reference_rows,
                                   std::int64_t current_rows, double alpha) {
  return std::sqrt(chi_square_scaled(bins, reference_rows, current_rows, alpha) /
                   (8 * std::log(2.0)));
}

}  // namespace rtml::statistics
