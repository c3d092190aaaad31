#include "core/base/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace rtml {
namespace {

constexpr std::uint64_t kDigitMask = 0xFFFF'FFFF;

}  // namespace

double round_scaled(UnsignedInt128 value, bool is_more, int exponent) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const int bits = high != 0 ? 128 - std::countl_zero(high)
                             : 64 - std::countl_zero(static_cast<std::uint64_t>(value));
  const int dropped = std::max({bits - 53, -1074 - exponent, 0});
  if (dropped > bits) return 0.0;  // Below half of the least double.
  auto mantissa = static_cast<std::uint64_t>(value >> dropped);
  if (dropped > 0) {
    const UnsignedInt128 half = UnsignedInt128{1} << (dropped - 1);
    const UnsignedInt128 rest = value & ((half << 1) - 1);
    const bool is_above = rest > half || (rest == half && is_more);
    if (is_above || (rest == half && (mantissa & 1) != 0)) ++mantissa;
  }
  return std::ldexp(static_cast<double>(mantissa), exponent + dropped);
}

double round_wide(Int128 value) {
  const bool is_negative = value < 0;
  const UnsignedInt128 magnitude =
      is_negative ? -static_cast<UnsignedInt128>(value) : static_cast<UnsignedInt128>(value);
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  if (high == 0) {
    const auto number = static_cast<double>(static_cast<std::uint64_t>(magnitude));
    return is_negative ? -number : number;
  }
  // The upper 64 bits, with the last one set if anything below is: enough to round once.
  const int shift = 64 - std::countl_zero(high);
  auto top = static_cast<std::uint64_t>(magnitude >> shift);
  if (magnitude << (128 - shift) != 0) top |= 1;
  const double number = static_cast<double>(top) * static_cast<double>(UnsignedInt128{1} << shift);
  return is_negative ? -number : number;
}

void ExactSum::accumulate(double value, int sign) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  if (exponent == 0x7FF) return accumulate_special(value, sign);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  if (exponent != 0) mantissa |= std::uint64_t{1} << 52;
  if (mantissa == 0) return;
  const int position = exponent == 0 ? 0 : exponent - 1;  // The last bit weighs 2^(position-1074).
  const int digit = position >> 5;
  const UnsignedInt128 shifted = static_cast<UnsignedInt128>(mantissa) << (position & 31);
  const std::int64_t factor = (bits >> 63) != 0 ? -sign : sign;
  digits_[digit] +=
      factor * static_cast<std::int64_t>(static_cast<std::uint64_t>(shifted) & kDigitMask);
  digits_[digit + 1] +=
      factor * static_cast<std::int64_t>(static_cast<std::uint64_t>(shifted >> 32) & kDigitMask);
  digits_[digit + 2] += factor * static_cast<std::int64_t>(shifted >> 64);
  lowest_ = std::min(lowest_, digit);
  highest_ = std::max(highest_, digit + 2);
  if (++terms_since_carry_ == 1U << 30) carry();
}

void ExactSum::accumulate_special(double value, int sign) {
  if (std::isnan(value)) {
    nans_ += sign;
  } else if (value > 0) {
    positive_infinities_ += sign;
  } else {
    negative_infinities_ += sign;
  }
}

void ExactSum::carry() {
  std::int64_t carry = 0;
  for (int i = lowest_; i < kDigits - 1; ++i) {
    const std::int64_t digit = digits_[i] + carry;
    digits_[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(digit) & kDigitMask);
    carry = digit >> 32;
  }
  digits_[kDigits - 1] += carry;
  highest_ = kDigits - 1;
  terms_since_carry_ = 0;
}

double ExactSum::rounded() const {
  if (nans_ > 0 || (positive_infinities_ > 0 && negative_infinities_ > 0)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (positive_infinities_ > 0) return std::numeric_limits<double>::infinity();
  if (negative_infinities_ > 0) return -std::numeric_limits<double>::infinity();
  return highest_ < 0 ? 0.0 : finite_sum();
}

double ExactSum::finite_sum() const {
  // Carries through, into two digits more, which leaves digits of [0, 2^32) and a sign.
  std::array<std::uint32_t, kDigits + 2> digits;
  const int last = std::min(highest_ + 2, kDigits + 1);
  std::int64_t carry = 0;
  for (int i = lowest_; i <= last; ++i) {
    const std::int64_t digit = (i < kDigits ? digits_[i] : 0) + carry;
    digits[i] = static_cast<std::uint32_t>(digit);
    carry = digit >> 32;
  }
  const bool is_negative = carry < 0;
  if (is_negative) {
    std::uint64_t add = 1;
    for (int i = lowest_; i <= last; ++i) {
      add += static_cast<std::uint32_t>(~digits[i]);
      digits[i] = static_cast<std::uint32_t>(add);
      add >>= 32;
    }
  }
  int top = last;
  while (top >= lowest_ && digits[top] == 0) --top;
  if (top < lowest_) return 0.0;
  const auto digit_at = [&](int i) -> UnsignedInt128 { return i >= lowest_ ? digits[i] : 0; };
  const UnsignedInt128 leading = digit_at(top) << 64 | digit_at(top - 1) << 32 | digit_at(top - 2);
  bool is_more = false;
  for (int i = lowest_; i < top - 2 && !is_more; ++i) is_more = digits[i] != 0;
  const double sum = round_scaled(leading, is_more, 32 * (top - 2) - 1074);
  return is_negative ? -sum : sum;
}

}  // namespace rtml
