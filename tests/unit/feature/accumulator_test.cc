// Accumulators of every aggregate: equal to the window's read, in any order and grouping, and their
// bytes.

#include "core/feature/accumulator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tests/unit/feature/aggregate_bench.h"

namespace rtml::feature {
namespace {

using table::Kind;

constexpr Kind kKinds[] = {Kind::kBool,   Kind::kInt64, Kind::kDouble,
                           Kind::kString, Kind::kBytes, Kind::kTimestamp};

double random_number(std::mt19937_64& random) {
  switch (random() % 12) {
    case 0:
      return std::numeric_limits<double>::quiet_NaN();
    case 1:
      return random() % 2 == 0 ? std::numeric_limits<double>::infinity()
                               : -std::numeric_limits<double>::infinity();
    case 2:
      return std::ldexp(static_cast<double>(random() % 1024), -1074);
    case 3:
      return std::ldexp(1.0, static_cast<int>(random() % 2000) - 1000);
    default:
      return static_cast<double>(static_cast<int>(random() % 41) - 20) / 4;
  }
}

// Finite numbers only where `is_calm`, so that sums are more than NaN.
AggregateBench random_bench(Kind kind, std::mt19937_64& random) {
  AggregateBench bench(kind);
  const std::size_t events = random() % 40;
  const bool is_calm = random() % 2 == 0;
  std::int64_t time_us = -1'000;
  for (std::size_t i = 0; i < events; ++i) {
    time_us += static_cast<std::int64_t>(random() % 3) * static_cast<std::int64_t>(random() % 400);
    if (kind == Kind::kString || kind == Kind::kBytes) {
      bench.add_text(time_us, std::string(random() % 3, static_cast<char>('a' + random() % 3)));
    } else if (random() % 8 == 0) {
      bench.add(time_us, std::nullopt);
    } else if (kind == Kind::kDouble) {
      const double value = random_number(random);
      bench.add(time_us, is_calm && !std::isfinite(value) ? 1.25 : value);
    } else if (kind == Kind::kBool) {
      bench.add_integer(time_us, static_cast<std::int64_t>(random() % 2));
    } else {
      bench.add_integer(time_us,
                        static_cast<std::int64_t>(random() % 4 == 0 ? random() : random() % 7));
    }
  }
  return bench;
}

AggregateParameters parameters_for(std::mt19937_64& random) {
  AggregateParameters parameters;
  parameters.probability = static_cast<double>(random() % 5) / 4;
  parameters.accuracy = 0.01;
  parameters.count = 1 + static_cast<std::int64_t>(random() % 4);
  parameters.half_life_us = 1 + static_cast<std::int64_t>(random() % 50);
  parameters.window_us = 7'000'000;
  return parameters;
}

// Calls `check(row, bench, parameters)` for every aggregate and every kind it takes.
template <typename Check>
void for_each_case(std::uint64_t seed, int rounds, const Check& check) {
  std::mt19937_64 random(seed);
  for (int round = 0; round < rounds; ++round) {
    for (const AggregateRow& row : aggregate_table()) {
      for (const Kind kind : kKinds) {
        if (!row.result(kind)) continue;
        CAPTURE(row.name);
        CAPTURE(static_cast<int>(kind));
        CAPTURE(round);
        AggregateParameters parameters = parameters_for(random);
        parameters.counts_events = !row.needs_value && random() % 2 == 0;
        check(row, random_bench(kind, random), parameters, random);
      }
    }
  }
}

std::vector<std::size_t> shuffled(std::size_t size, std::mt19937_64& random) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

}  // namespace

TEST_CASE("Accumulator: equals the window's read, whatever the order") {
  for_each_case(1, 40,
                [](const AggregateRow& row, const AggregateBench& bench,
                   const AggregateParameters& parameters, std::mt19937_64& random) {
                  const auto accumulator =
                      bench.accumulated(row, parameters, shuffled(bench.size(), random));
                  CHECK(show_read(*accumulator) == bench.read(std::string(row.name), parameters));
                });
}

TEST_CASE("Accumulator: merged in any grouping it has the same bytes") {
  for_each_case(2, 40,
                [](const AggregateRow& row, const AggregateBench& bench,
                   const AggregateParameters& parameters, std::mt19937_64& random) {
                  const std::vector<std::size_t> order = shuffled(bench.size(), random);
                  const std::string expected = bytes_of(*bench.accumulated(row, parameters, order));
                  std::vector<std::vector<std::size_t>> groups(1 + random() % 5);
                  for (const std::size_t i : order) groups[random() % groups.size()].push_back(i);
                  std::vector<std::unique_ptr<Accumulator>> parts;
                  for (const auto& group : groups)
                    parts.push_back(bench.accumulated(row, parameters, group));
                  while (parts.size() > 1) {
                    const std::size_t into = random() % parts.size();
                    const std::size_t from =
                        (into + 1 + random() % (parts.size() - 1)) % parts.size();
                    parts[into]->merge(*parts[from]);
                    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(from));
                  }
                  CHECK(bytes_of(*parts.front()) == expected);
                  CHECK(show_read(*parts.front()) == bench.read(std::string(row.name), parameters));
                });
}

TEST_CASE("Accumulator: its bytes give it back, and it goes on from there") {
  for_each_case(3, 25,
                [](const AggregateRow& row, const AggregateBench& bench,
                   const AggregateParameters& parameters, std::mt19937_64& random) {
                  const std::vector<std::size_t> order = shuffled(bench.size(), random);
                  const auto half = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
                  const auto first = bench.accumulated(row, parameters, {order.begin(), half});
                  const auto rest = bench.accumulated(row, parameters, {half, order.end()});
                  const std::string bytes = bytes_of(*first);
                  const auto again = row.accumulate(bench.kind(), parameters);
                  ByteReader reader(bytes);
                  again->decode(reader);
                  CHECK(!reader.failed());
                  CHECK(reader.left() == 0);
                  CHECK(bytes_of(*again) == bytes);
                  const auto copy = again->clone();
                  copy->merge(*rest);
                  CHECK(bytes_of(*again) == bytes);
                  CHECK(show_read(*copy) == bench.read(std::string(row.name), parameters));
                });
}

TEST_CASE("Accumulator: changed bytes are refused or are another's, never a second writing") {
  for_each_case(4, 25,
                [](const AggregateRow& row, const AggregateBench& bench,
                   const AggregateParameters& parameters, std::mt19937_64& random) {
                  const std::string bytes =
                      bytes_of(*bench.accumulated(row, parameters, shuffled(bench.size(), random)));
                  for (int change = 0; change < 20; ++change) {
                    std::string changed = bytes;
                    if (!changed.empty() && random() % 4 != 0) {
                      changed[random() % changed.size()] ^= static_cast<char>(1U << random() % 8);
                    }
                    if (random() % 3 == 0) changed.resize(random() % (changed.size() + 1));
                    if (random() % 5 == 0)
                      changed.insert(random() % (changed.size() + 1), 1, '\xFF');
                    const auto accumulator = row.accumulate(bench.kind(), parameters);
                    ByteReader reader(changed);
                    accumulator->decode(reader);
                    if (reader.failed()) continue;
                    const std::string read = changed.substr(0, changed.size() - reader.left());
                    CHECK(bytes_of(*accumulator) == read);
                    show_read(*accumulator);
                  }
                });
}

}  // namespace rtml::feature
