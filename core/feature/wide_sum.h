// Sums without any rounding until the end, over any range: of doubles, of products of two doubles,
// of integers. Its memory is that of the range in use, its bytes depend on the sum alone, and two
// of them merge: what accumulators keep. ExactSum is the one for hot loops.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/feature/byte_codec.h"
#include "core/feature/exact_sum.h"

namespace rtml::feature {

// A whole number of any size, times a power of two: ± Σ digits[i] · 2^(32 (lowest + i)). Neither
// the first nor the last digit is zero; zero has no digits and lowest 0.
struct WideNumber {
  bool is_negative = false;
  int lowest = 0;
  std::vector<std::uint32_t> digits;

  bool is_zero() const { return digits.empty(); }
};

class WideSum {
 public:
  void add(double value);
  // Adds a · b · 2^exponent. REQUIRES: |exponent| <= 4096. A product with NaN or infinity counts
  // as IEEE 754 has it.
  void add_product(double a, double b, int exponent = 0);
  void add_integer(Int128 value);
  void merge(const WideSum& other) { merge(other, 0); }
  // Adds the other times 2^exponent. REQUIRES: |exponent| <= 64.
  void merge(const WideSum& other, int exponent);

  // Multiplies the sum by 2^(32 digits). The terms that follow count as they are.
  void scale(int digits) { lowest_ += digits; }
  // Gives up the digits at both ends that terms have made zero again.
  void shrink();

  // Whether every term was finite.
  bool is_finite() const { return specials_ == 0; }
  // What the sum is where one was not: an infinity, or NaN.
  double special() const;
  // The exact sum of the finite terms.
  WideNumber number() const;
  // The sum if it is an INT64.
  std::optional<std::int64_t> integer() const;
  // Whether it is a whole number, and no special.
  bool is_whole() const;
  // The sum rounded once, to nearest, ties to even, as ExactSum::rounded(). REQUIRES: no products
  // were added.
  double rounded() const;

  void encode(ByteWriter& writer) const;
  // REQUIRES: nothing was added.
  void decode(ByteReader& reader);

 private:
  enum Special : std::uint8_t { kNan = 1, kPositiveInfinity = 2, kNegativeInfinity = 4 };

  void add_special(double value);
  void add_scaled(UnsignedInt128 magnitude, int exponent, bool is_negative);
  // Makes room for the digits [first, last].
  void reach(int first, int last);
  void carry();

  std::vector<std::int64_t> digits_;  // Digit i weighs 2^(32 (lowest_ + i)).
  int lowest_ = 0;
  std::uint32_t terms_since_carry_ = 0;
  std::uint8_t specials_ = 0;
};

}  // namespace rtml::feature
