#include "core/feature/exact_sum.h"

#include <doctest/doctest.h>

#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace rtml::feature {
namespace {

using boost::multiprecision::cpp_int;

double sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.add(value);
  return sum.rounded();
}

bool is_positive_zero(double value) {
  return std::bit_cast<std::uint64_t>(value) == 0;
}

}  // namespace

TEST_CASE("ExactSum: rounds once, whatever the order") {
  CHECK(sum_of({1e100, 1.0, -1e100}) == 1.0);
  CHECK(sum_of({0.1, 0.2, 0.3}) == 0.6);
  CHECK(sum_of({1e16, 1, 1e-300}) == 10000000000000002.0);  // A tie but for the last term.
  CHECK(sum_of({1e16, 1}) == 1e16);                         // The tie goes to even.
  CHECK(sum_of({1e16, 3}) == 10000000000000004.0);
}

TEST_CASE("ExactSum: zeros, subnormals, overflow and infinities") {
  CHECK(is_positive_zero(sum_of({})));
  CHECK(is_positive_zero(sum_of({-0.0})));
  CHECK(is_positive_zero(sum_of({1.5, -1.5})));
  CHECK(sum_of({5e-324, 5e-324}) == 1e-323);
  CHECK(sum_of({-2.2250738585072014e-308, 5e-324}) == -2.2250738585072009e-308);
  const double greatest = std::numeric_limits<double>::max();
  CHECK(sum_of({greatest, greatest, -greatest}) == greatest);
  CHECK(sum_of({greatest, greatest}) == INFINITY);
  CHECK(sum_of({-greatest, -greatest}) == -INFINITY);
  CHECK(sum_of({greatest, 0x1p969}) == greatest);  // Less than half a unit above.
  CHECK(sum_of({greatest, 0x1p970}) == INFINITY);  // Half a unit: ties to even.
  CHECK(sum_of({INFINITY, 1}) == INFINITY);
  CHECK(std::isnan(sum_of({INFINITY, -INFINITY})));
  CHECK(std::bit_cast<std::uint64_t>(sum_of({-std::nan(""), 1})) == 0x7FF8'0000'0000'0000U);
}

TEST_CASE("ExactSum: what was removed leaves no trace") {
  ExactSum sum;
  for (const double value : std::vector<double>{1e308, 3.0, NAN, INFINITY, -5e-324}) sum.add(value);
  for (const double value : std::vector<double>{1e308, NAN, INFINITY, -5e-324}) sum.remove(value);
  CHECK(sum.rounded() == 3.0);
  sum.remove(3.0);
  CHECK(is_positive_zero(sum.rounded()));
}

TEST_CASE("ExactSum: carries are settled in time") {
  // Four thousand million terms would take long; the settled and the unsettled form are compared.
  ExactSum sum;
  for (int i = 0; i < 1'000'000; ++i) sum.add(0x1.fffffffffffffp+40);
  CHECK(sum.rounded() == 0x1.fffffffffffffp+40 * 1'000'000);
  for (int i = 0; i < 2'000'000; ++i) sum.add(-0x1.fffffffffffffp+40);
  CHECK(sum.rounded() == -0x1.fffffffffffffp+40 * 1'000'000);
}

TEST_CASE("to_double: rounds 128-bit integers to nearest, ties to even") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto high = static_cast<std::int64_t>(random()) >> (random() % 64);
    // Runs of zeros and ones make ties.
    std::uint64_t low = random();
    if (random() % 2 == 0) low &= ~std::uint64_t{0} << (random() % 64);
    const auto value =
        static_cast<Int128>(static_cast<UnsignedInt128>(static_cast<Int128>(high)) << 64 | low);
    const bool is_negative = value < 0;
    UnsignedInt128 magnitude = static_cast<UnsignedInt128>(value);
    if (is_negative) magnitude = -magnitude;
    const cpp_int exact = (cpp_int(static_cast<std::uint64_t>(magnitude >> 64)) << 64) +
                          static_cast<std::uint64_t>(magnitude);
    const double rounded = std::fabs(to_double(value));
    // No neighbour is nearer.
    const auto distance = [&](double candidate) {
      int exponent = 0;
      const double fraction = std::frexp(candidate, &exponent);
      cpp_int whole = static_cast<std::int64_t>(std::ldexp(fraction, 53));
      cpp_int twice = exact * 2 << 1;  // In quarters, so that neighbours below 2^53 stay whole.
      const int shift = exponent - 53 + 2;
      cpp_int scaled = shift >= 0 ? cpp_int(whole << static_cast<unsigned>(shift))
                                  : cpp_int(whole >> static_cast<unsigned>(-shift));
      return cpp_int(abs(scaled - twice));
    };
    if (exact < (cpp_int(1) << 53)) {
      CHECK(cpp_int(rounded) == exact);
      continue;
    }
    const double below = std::nextafter(rounded, 0.0);
    const double above = std::nextafter(rounded, INFINITY);
    const cpp_int here = distance(rounded);
    const bool is_even = (std::bit_cast<std::uint64_t>(rounded) & 1) == 0;
    CHECK((is_even ? here <= distance(below) : here < distance(below)));
    CHECK((is_even ? here <= distance(above) : here < distance(above)));
    CHECK(std::signbit(to_double(value)) == is_negative);
  }
}

}  // namespace rtml::feature
