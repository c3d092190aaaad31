// Exact sums of doubles of like magnitude, in one 128-bit number: what most sums need, and some
// times faster than ExactSum. Internal to core/feature.

#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/feature/exact_sum.h"

namespace rtml::feature {

class FixedSum {
 public:
  // A sum of at most `terms` values. Its scale follows the first value that is not zero.
  explicit FixedSum(std::size_t terms)
      : reach_(kBits - 53 - static_cast<int>(std::bit_width(terms))) {}

  // Adds a value. Once one does not fit the scale the sum is of no use, and fits() says so.
  void add(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const int biased = static_cast<int>(bits >> 52 & 0x7FF);
    auto mantissa = static_cast<std::int64_t>(bits & ((std::uint64_t{1} << 52) - 1));
    const int shift = biased - origin_;
    // Neither the least numbers nor infinities and NaN pass, for which the origin makes no room.
    if (static_cast<unsigned>(shift) <= static_cast<unsigned>(reach_) && has_origin_) {
      mantissa |= std::int64_t{1} << 52;
      if ((bits >> 63) != 0) mantissa = -mantissa;
      sum_ += static_cast<Int128>(mantissa) << shift;
    } else {
      add_rare(biased, mantissa, (bits >> 63) != 0);
    }
  }

  // Whether every value so far was finite and fitted.
  bool fits() const { return fits_; }
  // The sum rounded once, as ExactSum::rounded(). REQUIRES: fits().
  double rounded() const {
    if (sum_ == 0) return 0.0;
    return std::ldexp(to_double(sum_), origin_ - kBias);
  }

 private:
  static constexpr int kBits = 126;
  static constexpr int kBias = 1075;  // A biased exponent of this is a mantissa of whole ones.
  static constexpr int kLeast = 53;   // A sum on a lesser scale might not be a normal double.

  void add_rare(int biased, std::int64_t mantissa, bool is_negative) {
    if (biased == 0 && mantissa == 0) return;
    if (biased == 0 || biased == 0x7FF) {
      fits_ = false;
      return;
    }
    mantissa |= std::int64_t{1} << 52;
    if (!has_origin_) {
      has_origin_ = true;
      // Room on both sides, and none for what infinities and NaN have in place of an exponent.
      origin_ = std::clamp(biased - reach_ / 2, kLeast, 0x7FE - reach_);
    }
    int shift = biased - origin_;
    // A small value may still be a whole number of the unit.
    if (shift < 0 && shift >= -std::countr_zero(static_cast<std::uint64_t>(mantissa))) {
      mantissa >>= -shift;
      shift = 0;
    }
    if (shift < 0 || shift > reach_) {
      fits_ = false;
      return;
    }
    const Int128 term = static_cast<Int128>(mantissa) << shift;
    sum_ += is_negative ? -term : term;
  }

  Int128 sum_ = 0;
  int reach_;
  int origin_ = 0;  // The unit is 2^(origin - 1075).
  bool has_origin_ = false;
  bool fits_ = true;
};

}  // namespace rtml::feature
