// Random variates that a seed decides to the last bit on every machine.
//
// They use the four operations and the square root, which IEEE 754 rounds in one way, and a
// logarithm of their own: the C library's may differ from one version to the next.

#pragma once

#include <cstdint>

#include "core/base/random.h"

namespace rtml::simulate {

// ln(x) within 2e-15 relative, the same bits everywhere. REQUIRES: x is finite and above 0.
double portable_log(double x);

class Variates {
 public:
  explicit Variates(std::uint64_t seed) : random_(seed) {}

  // Uniform on [low, high).
  double uniform(double low, double high) { return low + (high - low) * random_.uniform(); }
  // Uniform on 0 to limit - 1. REQUIRES: limit > 0.
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(limit)));
  }
  // True with this probability.
  bool chance(double probability) { return random_.uniform() < probability; }
  // Normal, by the polar method (Marsaglia and Bray 1964).
  double normal(double mean, double deviation);
  // Poisson: how many exponential gaps of mean 1 fit into `mean`. Time proportional to `mean`.
  std::int64_t poisson(double mean);

 private:
  Random random_;
  double spare_ = 0;  // The polar method gives two values at a time.
  bool has_spare_ = false;
};

}  // namespace rtml::simulate
