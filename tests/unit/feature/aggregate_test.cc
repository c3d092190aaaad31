// Aggregates against published values and an independent brute force.

#include "core/feature/aggregate.h"

#include <doctest/doctest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "tests/unit/feature/aggregate_bench.h"

namespace rtml::feature {
namespace {

using boost::multiprecision::cpp_rational;
using table::Kind;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kDayUs = 86'400'000'000;

AggregateBench numbers(const std::vector<double>& values) {
  AggregateBench bench(Kind::kDouble);
  std::int64_t time_us = 0;
  for (const double value : values) bench.add(++time_us, value);
  return bench;
}

AggregateBench texts(const std::vector<std::string>& values) {
  AggregateBench bench(Kind::kString);
  std::int64_t time_us = 0;
  for (const std::string& value : values) bench.add_text(++time_us, value);
  return bench;
}

double number(const std::string& shown) {
  return std::strtod(shown.c_str(), nullptr);
}

std::string quantile(const AggregateBench& bench, double probability) {
  AggregateParameters parameters;
  parameters.probability = probability;
  return bench.read("quantile", parameters);
}

std::string list(const AggregateBench& bench, const std::string& name, std::int64_t count) {
  AggregateParameters parameters;
  parameters.count = count;
  return bench.read(name, parameters);
}

// Whether `rounded` is `exact` to nearest, ties to even.
bool is_nearest(const cpp_rational& exact, double rounded) {
  const double below = std::nextafter(rounded, -kInfinity);
  const double above = std::nextafter(rounded, kInfinity);
  const cpp_rational value(rounded);
  const cpp_rational down = (value + cpp_rational(below)) / 2;
  const cpp_rational up = (value + cpp_rational(above)) / 2;
  const bool is_even = (std::bit_cast<std::uint64_t>(rounded) & 1) == 0;
  return is_even ? down <= exact && exact <= up : down < exact && exact < up;
}

cpp_rational exact_variance(const std::vector<double>& values) {
  cpp_rational sum = 0;
  cpp_rational squares = 0;
  for (const double value : values) {
    sum += cpp_rational(value);
    squares += cpp_rational(value) * cpp_rational(value);
  }
  const cpp_rational n = static_cast<std::int64_t>(values.size());
  return (n * squares - sum * sum) / (n * (n - 1));
}

}  // namespace

TEST_CASE("var: the certified values of NIST's univariate data sets") {
  // NIST StRD, https://www.itl.nist.gov/div898/strd/univ/: NumAcc1 to NumAcc4. Their standard
  // deviations are those of the decimals; the doubles nearest to them are off by the tolerance.
  CHECK(number(numbers({10000001, 10000003, 10000002}).read("std")) == 1.0);
  const auto alternating = [](double middle, double low, double high) {
    std::vector<double> values{middle};
    for (int i = 0; i < 500; ++i) {
      values.push_back(low);
      values.push_back(high);
    }
    return numbers(values);
  };
  CHECK(std::abs(number(alternating(1.2, 1.1, 1.3).read("std")) - 0.1) < 1e-15);
  CHECK(std::abs(number(alternating(1000000.2, 1000000.1, 1000000.3).read("std")) - 0.1) < 1e-10);
  CHECK(std::abs(number(alternating(10000000.2, 10000000.1, 10000000.3).read("std")) - 0.1) < 1e-9);
}

TEST_CASE("var: exact rationals rounded once") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 400; ++round) {
    std::vector<double> values;
    const int size = 2 + static_cast<int>(random() % 12);
    const int spread = static_cast<int>(random() % 1000);
    for (int i = 0; i < size; ++i) {
      const double mantissa = static_cast<double>(static_cast<std::int64_t>(random()));
      const int exponent = static_cast<int>(random() % (static_cast<unsigned>(spread) + 1));
      values.push_back(std::ldexp(mantissa, (round % 2 == 0 ? -1 : 1) * (exponent / 2) - 64));
    }
    const cpp_rational exact = exact_variance(values);
    const double rounded = number(numbers(values).read("var"));
    CAPTURE(round);
    CHECK(is_nearest(exact, rounded));
  }
}

TEST_CASE("var: subnormal and huge values, infinities, NaN, one value, none") {
  // The variance of 2^-537 and 0 is 2^-1075, a tie between 0 and the least double.
  CHECK(number(numbers({std::ldexp(1, -537), 0}).read("var")) == 0.0);
  CHECK(number(numbers({std::ldexp(1.5, -537), 0}).read("var")) == std::ldexp(1, -1074));
  CHECK(numbers({1e200, -1e200}).read("var").starts_with("inf"));
  CHECK(numbers({1, kInfinity}).read("var").starts_with("nan"));
  CHECK(numbers({1, kNan}).read("std").starts_with("nan"));
  CHECK(numbers({1}).read("var") == "null");
  CHECK(numbers({kInfinity}).read("std") == "null");
  CHECK(numbers({}).read("var") == "null");
  CHECK(number(numbers({3, 3, 3}).read("var")) == 0.0);
  AggregateBench integers(Kind::kInt64);
  integers.add_integer(1, std::numeric_limits<std::int64_t>::max());
  integers.add_integer(2, std::numeric_limits<std::int64_t>::min());
  CHECK(number(integers.read("var")) == std::ldexp(1, 127));
}

TEST_CASE("quantile: published values of definition 7") {
  // Microsoft's page on PERCENTILE.INC; the examples of numpy.quantile and of
  // pandas.DataFrame.quantile in their documentation.
  CHECK(number(quantile(numbers({1, 3, 2, 4}), 0.3)) == doctest::Approx(1.9).epsilon(1e-15));
  CHECK(number(quantile(numbers({10, 7, 4, 3, 2, 1}), 0.5)) == 3.5);
  CHECK(number(quantile(numbers({1, 2, 3, 4}), 0.1)) == doctest::Approx(1.3).epsilon(1e-15));
  CHECK(number(quantile(numbers({1, 10, 100, 100}), 0.1)) == doctest::Approx(3.7).epsilon(1e-15));
  CHECK(number(quantile(numbers({1, 10, 100, 100}), 0.5)) == 55.0);
}

TEST_CASE("quantile: ends, infinities, NaN, magnitudes, nothing") {
  CHECK(number(quantile(numbers({5, 1, 3}), 0)) == 1.0);
  CHECK(number(quantile(numbers({5, 1, 3}), 1)) == 5.0);
  CHECK(number(quantile(numbers({7}), 0.25)) == 7.0);
  CHECK(quantile(numbers({-kInfinity, kInfinity}), 0.5).starts_with("nan"));
  CHECK(quantile(numbers({-kInfinity, kInfinity}), 0).starts_with("-inf"));
  CHECK(quantile(numbers({1, kInfinity}), 0.75).starts_with("inf"));
  CHECK(number(quantile(numbers({1, 2, kInfinity}), 0.5)) == 2.0);
  CHECK(quantile(numbers({1, kNan, 2}), 0.5).starts_with("nan"));
  constexpr double kMost = std::numeric_limits<double>::max();
  CHECK(number(quantile(numbers({-kMost, kMost}), 0.5)) == 0.0);
  CHECK(quantile(numbers({}), 0.5) == "null");
}

TEST_CASE("ewma: the example of pandas' ewm with times") {
  // pandas.DataFrame.ewm, documentation: halflife='4 days' with times; adjust=True.
  const std::vector<std::pair<std::int64_t, std::optional<double>>> rows = {
      {1, 0.0}, {3, 1.0}, {10, 2.0}, {15, std::nullopt}, {17, 4.0}};
  const double expected[] = {0.000000, 0.585786, 1.523889, 1.523889, 3.233686};
  AggregateParameters parameters;
  parameters.half_life_us = 4 * kDayUs;
  AggregateBench bench(Kind::kDouble);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bench.add((18'261 + rows[i].first) * kDayUs, rows[i].second);
    CHECK(std::abs(number(bench.read("ewma", parameters)) - expected[i]) < 1e-6);
  }
}

TEST_CASE("ewma: the weighted mean in long double, before the epoch too") {
  std::mt19937_64 random(11);
  AggregateParameters parameters;
  parameters.half_life_us = 3'600'000'000;
  for (int round = 0; round < 50; ++round) {
    AggregateBench bench(Kind::kDouble);
    std::vector<std::pair<std::int64_t, double>> rows;
    std::int64_t time_us = -static_cast<std::int64_t>(random() % 200'000'000'000);
    for (int i = 0; i < 40; ++i) {
      time_us += static_cast<std::int64_t>(random() % 12'000'000'000);
      rows.emplace_back(time_us, 1 + static_cast<double>(random() % 1'000'000) / 997.0);
      bench.add(time_us, rows.back().second);
    }
    long double sum = 0;
    long double weights = 0;
    for (const auto& [at, value] : rows) {
      const long double age = static_cast<long double>(rows.back().first - at);
      const long double weight = exp2l(-age / 3'600'000'000.0L);
      sum += weight * value;
      weights += weight;
    }
    const auto expected = static_cast<double>(sum / weights);
    CHECK(number(bench.read("ewma", parameters)) == doctest::Approx(expected).epsilon(1e-13));
  }
}

TEST_CASE("ewma: specials, equal values, what is too old to weigh, INT64") {
  AggregateParameters parameters;
  parameters.half_life_us = 10;
  AggregateBench bench(Kind::kDouble);
  bench.add(0, kNan);
  bench.add(5, 3.0);
  CHECK(bench.read("ewma", parameters).starts_with("nan"));
  bench.add(630, 3.0);  // 63 half-lives later.
  CHECK(bench.read("ewma", parameters).starts_with("nan"));
  bench.add(640, 3.0);
  CHECK(number(bench.read("ewma", parameters)) == 3.0);
  AggregateBench extremes(Kind::kDouble);
  extremes.add(std::numeric_limits<std::int64_t>::min(), 1.0);
  extremes.add(std::numeric_limits<std::int64_t>::max(), 2.0);
  CHECK(number(extremes.read("ewma", parameters)) == 2.0);
  AggregateBench integers(Kind::kInt64);
  integers.add_integer(1, (std::int64_t{1} << 53) + 1);
  integers.add_integer(1, (std::int64_t{1} << 53) + 3);
  CHECK(number(integers.read("ewma", parameters)) == 9007199254740994.0);
  CHECK(AggregateBench(Kind::kDouble).read("ewma", parameters) == "null");
}

TEST_CASE("count_distinct: NaN is one value, zeros are equal, nulls none") {
  AggregateBench bench = numbers({kNan, -kNan, 0.0, -0.0, 1, 1});
  bench.add(9, std::nullopt);
  CHECK(bench.read("count_distinct") == "3");
  CHECK(bench.read("approx_count_distinct") == "3");
  CHECK(texts({"a", "b", "a", ""}).read("count_distinct") == "3");
  CHECK(numbers({}).read("count_distinct") == "0");
  CHECK(numbers({}).read("approx_count_distinct") == "0");
}

TEST_CASE("last_k: newest first, nulls skipped") {
  AggregateBench bench(Kind::kInt64);
  bench.add(1, 10.0);
  bench.add(2, 20.0);
  bench.add(3, std::nullopt);
  bench.add(4, 40.0);
  CHECK(list(bench, "last_k", 2) == "[40, 20]");
  CHECK(list(bench, "last_k", 5) == "[40, 20, 10]");
  CHECK(list(AggregateBench(Kind::kInt64), "last_k", 5) == "null");
}

TEST_CASE("top_k: most frequent first, ties by value, NaN highest") {
  CHECK(list(texts({"b", "c", "a", "c", "b", "d"}), "top_k", 3) == "['b', 'c', 'a']");
  CHECK(list(texts({"b"}), "top_k", 3) == "['b']");
  CHECK(list(texts({}), "top_k", 3) == "null");
  const std::string shown = list(numbers({kNan, kInfinity, -1, -2, -kInfinity}), "top_k", 5);
  CHECK(shown.starts_with("[-inf"));
  CHECK(shown.find("nan (") > shown.find(" inf ("));
}

TEST_CASE("rate: events, or the sum, by the seconds of the window") {
  AggregateParameters parameters;
  parameters.window_us = 60'000'000;
  CHECK(number(numbers({30, 60}).read("rate", parameters)) == 1.5);
  CHECK(numbers({}).read("rate", parameters) == "null");
  parameters.counts_events = true;
  CHECK(number(numbers({30, 60, 90}).read("rate", parameters)) == 0.05);
  CHECK(number(numbers({}).read("rate", parameters)) == 0.0);
}

}  // namespace rtml::feature
