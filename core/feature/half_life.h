// What events weigh in an exponentially weighted mean. The half-life of an event is
// ⌊t / half-life⌋, which gives the power of two, and the rest of the exponent gives 2^rest as the
// C library computes it. Internal to core/feature.

#pragma once

#include <cmath>
#include <cstdint>

#include "core/base/time.h"

namespace rtml::feature {

// Events that many half-lives or more before the latest weigh nothing.
inline constexpr std::int64_t kForgottenHalfLives = 64;

inline std::int64_t period_of(std::int64_t time_us, std::int64_t half_life_us) {
  return floor_divide(time_us, half_life_us);
}

// The weight within its half-life, in [1, 2].
inline double weight_of(std::int64_t time_us, std::int64_t half_life_us) {
  const std::int64_t rest = time_us % half_life_us;
  const std::int64_t since = rest < 0 ? rest + half_life_us : rest;
  return std::exp2(static_cast<double>(since) / static_cast<double>(half_life_us));
}

}  // namespace rtml::feature
