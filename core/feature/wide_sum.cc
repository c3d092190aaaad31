#include "core/feature/wide_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace rtml::feature {
namespace {

constexpr std::uint64_t kDigitMask = 0xFFFF'FFFF;

// The bit of the first byte of an encoded sum that says its sign; the specials are below it.
constexpr std::uint8_t kNegative = 8;

// No sum reaches further: 2^63 products of two doubles, scaled by 2^±4096.
constexpr int kLowestDigit = -256;
constexpr int kHighestDigit = 256;

// A finite double as mantissa * 2^exponent.
struct Parts {
  std::uint64_t mantissa = 0;
  int exponent = 0;
  bool is_negative = false;
};
Parts parts_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  if (exponent != 0) mantissa |= std::uint64_t{1} << 52;
  return {mantissa, std::max(exponent, 1) - 1075, (bits >> 63) != 0};
}

int floor_of_32(int exponent) {
  return exponent >= 0 ? exponent / 32 : -((31 - exponent) / 32);
}

}  // namespace

void WideSum::add(double value) {
  if (!std::isfinite(value)) return add_special(value);
  const Parts parts = parts_of(value);
  add_scaled(parts.mantissa, parts.exponent, parts.is_negative);
}

void WideSum::add_product(double a, double b, int exponent) {
  if (!std::isfinite(a) || !std::isfinite(b)) return add_special(a * b);
  const Parts left = parts_of(a);
  const Parts right = parts_of(b);
  add_scaled(static_cast<UnsignedInt128>(left.mantissa) * right.mantissa,
             left.exponent + right.exponent + exponent, left.is_negative != right.is_negative);
}

void WideSum::add_integer(Int128 value) {
  const auto bits = static_cast<UnsignedInt128>(value);
  add_scaled(value < 0 ? -bits : bits, 0, value < 0);
}

void WideSum::add_special(double value) {
  if (std::isnan(value)) {
    specials_ |= kNan;
  } else {
    specials_ |= value > 0 ? kPositiveInfinity : kNegativeInfinity;
  }
}

void WideSum::add_scaled(UnsignedInt128 magnitude, int exponent, bool is_negative) {
  if (magnitude == 0) return;
  const int first = floor_of_32(exponent);
  const int shift = exponent - 32 * first;
  // The bits that the shift pushes out at the top.
  const auto spilled =
      shift == 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(magnitude >> (128 - shift));
  UnsignedInt128 rest = magnitude << shift;
  std::uint64_t parts[5];
  for (int i = 0; i < 4; ++i) {
    parts[i] = static_cast<std::uint64_t>(rest) & kDigitMask;
    rest >>= 32;
  }
  parts[4] = spilled;
  int last = 4;
  while (parts[last] == 0) --last;
  reach(first, first + last);
  std::int64_t* const digits = digits_.data() + (first - lowest_);
  for (int i = 0; i <= last; ++i) {
    const auto part = static_cast<std::int64_t>(parts[i]);
    digits[i] += is_negative ? -part : part;
  }
  if (++terms_since_carry_ == 1U << 30) carry();
}

void WideSum::reach(int first, int last) {
  if (digits_.empty()) {
    lowest_ = first;
    digits_.assign(static_cast<std::size_t>(last - first) + 1, 0);
    return;
  }
  if (first < lowest_) {
    digits_.insert(digits_.begin(), static_cast<std::size_t>(lowest_ - first), 0);
    lowest_ = first;
  }
  const auto wanted = static_cast<std::size_t>(last - lowest_) + 1;
  if (digits_.size() < wanted) digits_.resize(wanted, 0);
}

void WideSum::carry() {
  terms_since_carry_ = 0;
  std::int64_t carry = 0;
  for (std::size_t i = 0; i + 1 < digits_.size(); ++i) {
    const std::int64_t digit = digits_[i] + carry;
    digits_[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(digit) & kDigitMask);
    carry = digit >> 32;
  }
  // The last digit keeps the sign; what is beyond 32 bits of it becomes a digit of its own.
  const std::int64_t top = digits_.back() + carry;
  digits_.back() = static_cast<std::int64_t>(static_cast<std::uint64_t>(top) & kDigitMask);
  if (top >> 32 != 0) digits_.push_back(top >> 32);
}

void WideSum::shrink() {
  if (digits_.empty()) return;
  carry();
  while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  const auto used = std::find_if(digits_.begin(), digits_.end(), [](auto digit) { return digit; });
  lowest_ += static_cast<int>(used - digits_.begin());
  digits_.erase(digits_.begin(), used);
}

void WideSum::merge(const WideSum& other, int exponent) {
  specials_ |= other.specials_;
  const WideNumber number = other.number();
  if (number.is_zero()) return;
  if (exponent != 0) {
    for (std::size_t i = 0; i < number.digits.size(); ++i) {
      add_scaled(number.digits[i], 32 * (number.lowest + static_cast<int>(i)) + exponent,
                 number.is_negative);
    }
    return;
  }
  reach(number.lowest, number.lowest + static_cast<int>(number.digits.size()) - 1);
  std::int64_t* const digits = digits_.data() + (number.lowest - lowest_);
  for (std::size_t i = 0; i < number.digits.size(); ++i) {
    const auto digit = static_cast<std::int64_t>(number.digits[i]);
    digits[i] += number.is_negative ? -digit : digit;
  }
  if (++terms_since_carry_ == 1U << 30) carry();
}

WideNumber WideSum::number() const {
  WideNumber result;
  std::vector<std::uint32_t>& digits = result.digits;
  digits.reserve(digits_.size() + 2);
  std::int64_t carry = 0;
  for (const std::int64_t own : digits_) {
    const std::int64_t digit = own + carry;
    digits.push_back(static_cast<std::uint32_t>(digit));
    carry = digit >> 32;
  }
  digits.push_back(static_cast<std::uint32_t>(carry));
  digits.push_back(static_cast<std::uint32_t>(carry >> 32));
  result.is_negative = carry < 0;
  if (result.is_negative) {
    std::uint64_t add = 1;
    for (std::uint32_t& digit : digits) {
      add += static_cast<std::uint32_t>(~digit);
      digit = static_cast<std::uint32_t>(add);
      add >>= 32;
    }
  }
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
  const auto used = std::find_if(digits.begin(), digits.end(), [](auto digit) { return digit; });
  result.lowest = digits.empty() ? 0 : lowest_ + static_cast<int>(used - digits.begin());
  digits.erase(digits.begin(), used);
  return result;
}

bool WideSum::is_whole() const {
  return is_finite() && number().lowest >= 0;
}

std::optional<std::int64_t> WideSum::integer() const {
  const WideNumber sum = number();
  if (!is_finite() || sum.lowest < 0) return std::nullopt;
  if (sum.lowest + sum.digits.size() > 2) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (std::size_t i = 0; i < sum.digits.size(); ++i) {
    magnitude |= static_cast<std::uint64_t>(sum.digits[i])
                 << (32 * (static_cast<std::size_t>(sum.lowest) + i));
  }
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (magnitude > kLimit - (sum.is_negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(sum.is_negative ? -magnitude : magnitude);
}

double WideSum::special() const {
  if (specials_ == kPositiveInfinity) return std::numeric_limits<double>::infinity();
  if (specials_ == kNegativeInfinity) return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

double WideSum::rounded() const {
  if (!is_finite()) return special();
  const WideNumber sum = number();
  if (sum.is_zero()) return 0.0;
  const int top = static_cast<int>(sum.digits.size()) - 1;
  const auto digit_at = [&](int i) -> UnsignedInt128 {
    return i >= 0 ? sum.digits[static_cast<std::size_t>(i)] : 0;
  };
  const UnsignedInt128 leading = digit_at(top) << 64 | digit_at(top - 1) << 32 | digit_at(top - 2);
  // The lowest digit is not zero, so that something follows if it is not among the three.
  const double rounded = round_scaled(leading, top > 2, 32 * (sum.lowest + top - 2));
  return sum.is_negative ? -rounded : rounded;
}

void WideSum::encode(ByteWriter& writer) const {
  const WideNumber sum = number();
  writer.byte(static_cast<std::uint8_t>(specials_ | (sum.is_negative ? kNegative : 0)));
  std::string bytes;
  for (const std::uint32_t digit : sum.digits) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(digit >> shift & 0xFF);
  }
  const std::size_t last = bytes.find_last_not_of('\0');
  bytes.resize(last == std::string::npos ? 0 : last + 1);
  const std::size_t first = std::min(bytes.find_first_not_of('\0'), bytes.size());
  writer.text(std::string_view(bytes).substr(first));
  if (!sum.is_zero()) writer.zigzag(4 * sum.lowest + static_cast<int>(first));
}

void WideSum::decode(ByteReader& reader) {
  const std::uint8_t flags = reader.byte();
  const std::string_view bytes = reader.text();
  specials_ = flags & (kNegative - 1);
  const bool is_negative = (flags & kNegative) != 0;
  if (flags >= 2 * kNegative || (bytes.empty() && is_negative)) return reader.refuse();
  if (bytes.empty()) return;
  const std::int64_t lowest = reader.zigzag();
  const std::int64_t end = lowest + static_cast<std::int64_t>(bytes.size());
  if (lowest < 4 * kLowestDigit || lowest > 4 * kHighestDigit || end > 4 * kHighestDigit ||
      bytes.front() == '\0' || bytes.back() == '\0') {
    return reader.refuse();
  }
  lowest_ = floor_of_32(static_cast<int>(8 * lowest));
  const auto offset = static_cast<std::size_t>(lowest - 4 * lowest_);
  digits_.assign((offset + bytes.size() + 3) / 4, 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t place = offset + i;
    const auto byte = static_cast<std::int64_t>(static_cast<std::uint8_t>(bytes[i]));
    digits_[place / 4] += byte << (8 * (place % 4));
  }
  if (is_negative) {
    for (std::int64_t& digit : digits_) digit = -digit;
  }
  terms_since_carry_ = 1;
}

}  // namespace rtml::feature
