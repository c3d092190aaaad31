#include "core/feature/exact_ratio.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <utility>

namespace rtml::feature {
namespace {

namespace multiprecision = boost::multiprecision;

// Whole numbers that need no memory of their own: enough for values of like magnitude.
using Narrow = multiprecision::number<multiprecision::cpp_int_backend<
    1024, 1024, multiprecision::signed_magnitude, multiprecision::unchecked, void>>;
using Wide = multiprecision::cpp_int;
constexpr std::size_t kNarrowBits = 1024;

template <typename Whole>
Whole magnitude_of(const WideNumber& number) {
  Whole whole = 0;
  multiprecision::import_bits(whole, number.digits.begin(), number.digits.end(), 32, false);
  return whole;
}

int bits_of(const WideNumber& number) {
  return 32 * static_cast<int>(number.digits.size());
}

// Rounds numerator / denominator · 2^exponent. REQUIRES: both are above 0.
template <typename Whole>
double round_quotient(Whole numerator, const Whole& denominator, int exponent) {
  // The quotient needs 64 bits or more, so that what is dropped tells on which side it rounds.
  const int missing = 66 - (static_cast<int>(multiprecision::msb(numerator)) -
                            static_cast<int>(multiprecision::msb(denominator)));
  if (missing > 0) {
    numerator <<= missing;
    exponent -= missing;
  }
  Whole quotient;
  Whole remainder;
  multiprecision::divide_qr(numerator, denominator, quotient, remainder);
  const int dropped = static_cast<int>(multiprecision::msb(quotient)) - 63;
  const Whole leading = quotient >> dropped;
  const bool is_more = remainder != 0 || (leading << dropped) != quotient;
  exponent += dropped;
  // Less than half of the least double.
  if (exponent < -1074 - 64) return 0.0;
  return round_scaled(static_cast<std::uint64_t>(leading), is_more, exponent);
}

template <typename Whole>
double ratio_of(const WideNumber& a, const WideNumber& b) {
  const double ratio =
      round_quotient(magnitude_of<Whole>(a), magnitude_of<Whole>(b), 32 * (a.lowest - b.lowest));
  return a.is_negative ? -ratio : ratio;
}

template <typename Whole>
double variance_of(std::int64_t n, const WideNumber& sum, const WideNumber& squares, int scale) {
  Whole difference = magnitude_of<Whole>(squares) * n;
  difference <<= 32 * squares.lowest - scale;
  if (!sum.is_zero()) {
    const Whole root = magnitude_of<Whole>(sum);
    difference -= (root * root) << (64 * sum.lowest - scale);
  }
  if (difference <= 0) return 0.0;  // Equal values; less is not possible.
  return round_quotient<Whole>(std::move(difference), Whole(n) * (n - 1), scale);
}

}  // namespace

double rounded_ratio(const WideNumber& a, const WideNumber& b) {
  if (a.is_zero()) return 0.0;
  // Either is shifted by as many bits as the other has, and some more.
  const auto bits = static_cast<std::size_t>(bits_of(a) + bits_of(b) + 128);
  return bits <= kNarrowBits ? ratio_of<Narrow>(a, b) : ratio_of<Wide>(a, b);
}

double rounded_variance(std::int64_t n, const WideNumber& sum, const WideNumber& squares) {
  if (squares.is_zero()) return 0.0;
  const int scale =
      sum.is_zero() ? 32 * squares.lowest : std::min(64 * sum.lowest, 32 * squares.lowest);
  const int top = std::max(sum.is_zero() ? scale : 64 * sum.lowest + 2 * bits_of(sum),
                           32 * squares.lowest + bits_of(squares) + 64);
  // The numerator, and what a quotient of 66 bits over n² may shift it by.
  const auto bits = static_cast<std::size_t>(top - scale + 66 + 128);
  return bits <= kNarrowBits ? variance_of<Narrow>(n, sum, squares, scale)
                             : variance_of<Wide>(n, sum, squares, scale);
}

}  // namespace rtml::feature
