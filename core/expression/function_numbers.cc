#include "core/expression/function_rows.h"

#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

namespace rtml::expression::detail {
namespace {

using I = std::int64_t;
using D = double;

bool add(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_add_overflow(a, b, out);
}
bool subtract(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_sub_overflow(a, b, out);
}
bool multiply(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_mul_overflow(a, b, out);
}
bool negate(std::int64_t* out, std::int64_t a) {
  return !__builtin_sub_overflow(std::int64_t{0}, a, out);
}
bool absolute(std::int64_t* out, std::int64_t a) {
  return a < 0 ? negate(out, a) : (*out = a, true);
}
bool remainder(std::int64_t* out, std::int64_t a, std::int64_t b) {
  if (b == 0) return false;
  *out = b == -1 ? 0 : a % b;  // INT64's least value % -1 would trap.
  return true;
}

bool add(double* out, double a, double b) {
  *out = a + b;
  return true;
}
bool subtract(double* out, double a, double b) {
  *out = a - b;
  return true;
}
bool multiply(double* out, double a, double b) {
  *out = a * b;
  return true;
}
bool divide(double* out, double a, double b) {
  *out = b == 0 ? 0 : a / b;
  return b != 0;
}
bool divide(double* out, std::int64_t a, std::int64_t b) {
  return divide(out, static_cast<double>(a), static_cast<double>(b));
}
bool remainder(double* out, double a, double b) {
  *out = b == 0 ? 0 : std::fmod(a, b);
  return b != 0;
}
bool negate(double* out, double a) {
  *out = -a;
  return true;
}
bool absolute(double* out, double a) {
  *out = std::fabs(a);
  return true;
}
template <double (*F)(double)>
bool library(double* out, double a) {
  *out = F(a);
  return true;
}
bool power(double* out, double a, double b) {
  *out = std::pow(a, b);
  return true;
}
bool same(std::int64_t* out, std::int64_t a) {
  *out = a;
  return true;
}

bool sign(std::int64_t* out, std::int64_t a) {
  *out = (a > 0) - (a < 0);
  return true;
}
bool sign(double* out, double a) {
  *out = std::isnan(a) ? a : (a > 0) - (a < 0);
  return true;
}
bool is_nan(bool* out, double a) {
  *out = std::isnan(a);
  return true;
}
bool is_finite(bool* out, double a) {
  *out = std::isfinite(a);
  return true;
}
bool pi(double* out) {
  *out = std::numbers::pi;
  return true;
}

// The decimal of that many digits that is nearest to the exact value of `a`, as a DOUBLE.
bool round_to(double* out, double a, std::int64_t digits) {
  *out = a;
  if (digits < 0 || digits > 15) return false;
  if (!std::isfinite(a)) return true;
  std::array<char, 400> buffer;  // 309 digits before the point, 15 after it.
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), a,
                                     std::chars_format::fixed, static_cast<int>(digits));
  std::from_chars(buffer.data(), written.ptr, *out);
  return true;
}

// How many bounds are at or below the value: bucket i is [bounds[i - 1], bounds[i]).
template <typename T>
bool bucket(std::int64_t* out, T value, List bounds) {
  *out = 0;
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(value)) return false;
  }
  for (const table::Value& bound : bounds) {
    if (bound.is_null()) return false;
    *out += unwrap<T>(bound) <= value ? 1 : 0;
  }
  return true;
}

// The mean radius R1 of the earth, (2a + b) / 3 of GRS 80 (Moritz, Geodetic Reference System 1980,
// Journal of Geodesy 74, 2000).
constexpr double kEarthRadiusKm = 6371.0088;

// The distance along a great circle of a sphere, by the haversine formula (R. W. Sinnott, Virtues
// of the Haversine, Sky and Telescope 68, 1984), in degrees and kilometres.
bool haversine(double* out, double latitude_a, double longitude_a, double latitude_b,
               double longitude_b) {
  constexpr double kRadians = std::numbers::pi / 180;
  *out = 0;
  if (std::fabs(latitude_a) > 90 || std::fabs(latitude_b) > 90) return false;
  const double north = std::sin((latitude_b - latitude_a) * kRadians / 2);
  const double east = std::sin((longitude_b - longitude_a) * kRadians / 2);
  const double a = north * north + std::cos(latitude_a * kRadians) *
                                       std::cos(latitude_b * kRadians) * (east * east);
  // Rounding may carry antipodes beyond 1; a NaN stays.
  *out = 2 * kEarthRadiusKm * std::asin(a > 1 ? 1.0 : std::sqrt(a));
  return true;
}

void add_arithmetic(Rows& rows) {
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(add)>("+", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "ti:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "it:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(subtract)>("-", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "tt:i"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "ti:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(multiply)>("*", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(multiply)>("*", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(D*, I, I)>(divide)>("/", "ii:d"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(divide)>("/", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(remainder)>("%", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(remainder)>("%", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I)>(negate)>("negate", "i:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D)>(negate)>("negate", "d:d"));
}

void add_functions_of_numbers(Rows& rows) {
  rows.push_back(row<static_cast<bool (*)(I*, I)>(absolute)>("abs", "i:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D)>(absolute)>("abs", "d:d"));
  rows.push_back(row<&same>("round", "i:i"));
  rows.push_back(row<&library<std::round>>("round", "d:d"));
  rows.push_back(row<&same>("floor", "i:i"));
  rows.push_back(row<&library<std::floor>>("floor", "d:d"));
  rows.push_back(row<&same>("ceil", "i:i"));
  rows.push_back(row<&library<std::ceil>>("ceil", "d:d"));
  rows.push_back(row<&library<std::log>>("log", "d:d"));
  rows.push_back(row<&library<std::log10>>("log10", "d:d"));
  rows.push_back(row<&library<std::log1p>>("log1p", "d:d"));
  rows.push_back(row<&library<std::exp>>("exp", "d:d"));
  rows.push_back(row<&library<std::sqrt>>("sqrt", "d:d"));
  rows.push_back(row<&power>("pow", "dd:d"));
  rows.push_back(row<&is_nan>("is_nan", "d:b"));
  rows.push_back(row<&is_finite>("is_finite", "d:b"));
  rows.push_back(row<&round_to>("round", "di:d"));
  rows.push_back(row<&library<std::trunc>>("trunc", "d:d"));
  rows.push_back(row<&same>("trunc", "i:i"));
  rows.push_back(row<static_cast<bool (*)(I*, I)>(sign)>("sign", "i:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D)>(sign)>("sign", "d:d"));
  rows.push_back(row<&library<std::log2>>("log2", "d:d"));
  rows.push_back(row<&library<std::expm1>>("expm1", "d:d"));
  rows.push_back(row<&library<std::sin>>("sin", "d:d"));
  rows.push_back(row<&library<std::cos>>("cos", "d:d"));
  rows.push_back(row<&pi>("pi", ":d"));
  rows.push_back(row<&bucket<I>>("bucket", "iI:i"));
  rows.push_back(row<&bucket<D>>("bucket", "dD:i"));
  rows.push_back(row<&haversine>("haversine_km", "dddd:d"));
}

}  // namespace

void add_numeric_functions(Rows& rows) {
  add_arithmetic(rows);
  add_functions_of_numbers(rows);
}

}  // namespace rtml::expression::detail
