// Sums of doubles without any rounding until the end, so that order and grouping do not matter and
// what was added can be removed again.
//
// The sum is a fixed-point number over the whole range of DOUBLE, in signed 32-bit digits that
// carry late: the "small superaccumulator" of R. M. Neal, Fast Exact Summation Using Small and
// Large Superaccumulators (2015, arXiv:1505.05571), with one digit more a term so that carries are
// due only after 2^30 terms.

#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace rtml {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UnsignedInt128;

// NaN with one bit pattern, and never -0.0.
inline double canonical(double value) {
  return value != value ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
}

// Rounds value * 2^exponent, and a little more if `is_more`, to nearest, ties to even. REQUIRES:
// the value is not zero, and no more than its lower 127 bits are below 2^-1074.
double round_scaled(UnsignedInt128 value, bool is_more, int exponent);

// Rounds an integer of more than 64 bits to nearest, ties to even.
double round_wide(Int128 value);

// Rounds to nearest, ties to even.
inline double to_double(Int128 value) {
  const auto small = static_cast<std::int64_t>(value);
  return small == value ? static_cast<double>(small) : round_wide(value);
}

class ExactSum {
 public:
  void add(double value) { accumulate(value, 1); }
  // REQUIRES: the value was added.
  void remove(double value) { accumulate(value, -1); }
  void clear() { *this = ExactSum(); }

  // The sum rounded once, to nearest, ties to even: +0.0 for zero, ±inf on overflow, NaN if there
  // is a NaN or both infinities.
  double rounded() const;

 private:
  // The digits reach from 2^-1074, the least double, over 2^1024, the first that is none, to what
  // 2^63 terms can add up to.
  static constexpr int kDigits = 70;

  void accumulate(double value, int sign);
  void accumulate_special(double value, int sign);
  void carry();
  double finite_sum() const;

  std::array<std::int64_t, kDigits> digits_{};  // Digit i weighs 2^(32 i - 1074).
  int lowest_ = kDigits;                        // The digits in use are [lowest_, highest_].
  int highest_ = -1;
  std::uint32_t terms_since_carry_ = 0;
  std::int64_t nans_ = 0;
  std::int64_t positive_infinities_ = 0;
  std::int64_t negative_infinities_ = 0;
};

}  // namespace rtml
