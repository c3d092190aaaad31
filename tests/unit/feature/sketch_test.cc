// The guarantees of the sketches: published errors, union, order.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/base/fast_hash.h"
#include "core/feature/ddsketch.h"
#include "core/feature/hyperloglog.h"

namespace rtml::feature {
namespace {

template <typename Sketch>
std::string bytes_of(const Sketch& sketch) {
  ByteWriter writer;
  sketch.encode(writer);
  return writer.take();
}

std::uint64_t hash_of(std::uint64_t value) {
  return xxhash64({reinterpret_cast<const char*>(&value), sizeof(value)});
}

}  // namespace

TEST_CASE("HyperLogLog: the error is the published one at every cardinality") {
  // 1.04 / √m is the standard error (Flajolet et al. 2007); Ertl's estimator keeps it without a
  // range where it is biased. The mean of 25 sketches may be off by five of its own errors.
  constexpr int kSketches = 25;
  const double error = 1.04 / std::sqrt(static_cast<double>(HyperLogLog::kRegisters));
  for (const std::uint64_t count : {100ULL, 1'000ULL, 5'000ULL, 12'000ULL, 20'000ULL, 100'000ULL}) {
    double bias = 0;
    double square = 0;
    for (std::uint64_t sketch = 0; sketch < kSketches; ++sketch) {
      HyperLogLog log;
      for (std::uint64_t i = 0; i < count; ++i) log.add(hash_of(sketch << 40 | i));
      const double relative = static_cast<double>(log.estimate()) / static_cast<double>(count) - 1;
      bias += relative / kSketches;
      square += relative * relative / kSketches;
    }
    CAPTURE(count);
    CHECK(std::abs(bias) < 5 * error / std::sqrt(kSketches));
    CHECK(std::sqrt(square) < 1.5 * error);
  }
}

TEST_CASE("HyperLogLog: few values are counted, duplicates are not") {
  HyperLogLog log;
  CHECK(log.estimate() == 0);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 10; ++i) log.add(hash_of(i));
  }
  CHECK(log.estimate() == 10);
}

TEST_CASE("HyperLogLog: a merge is the union, bit for bit") {
  std::mt19937_64 random(3);
  for (const std::size_t count : {0, 5, 900, 1'500, 40'000}) {
    HyperLogLog all;
    HyperLogLog parts[3];
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t hash = random();
      all.add(hash);
      parts[random() % 3].add(hash);
      if (random() % 2 == 0) parts[random() % 3].add(hash);
    }
    parts[2].merge(parts[0]);
    parts[1].merge(parts[2]);
    CHECK(bytes_of(parts[1]) == bytes_of(all));
    HyperLogLog again;
    const std::string bytes = bytes_of(all);
    ByteReader reader(bytes);
    again.decode(reader);
    CHECK(!reader.failed());
    CHECK(bytes_of(again) == bytes);
    CHECK(again.estimate() == all.estimate());
    CHECK(bytes.size() <= 3 * 1'024 + 2);
  }
}

TEST_CASE("HyperLogLog: the largest hashes fit a register") {
  HyperLogLog log;
  log.add(0);
  log.add(~std::uint64_t{0});
  CHECK(log.estimate() == 2);
}

TEST_CASE("DdSketch: every quantile is within the relative error") {
  std::mt19937_64 random(5);
  for (const double accuracy : {0.001, 0.01, 0.1}) {
    for (int shape = 0; shape < 4; ++shape) {
      std::vector<double> values;
      DdSketch sketch(accuracy);
      for (int i = 0; i < 5'000; ++i) {
        const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
        double value = uniform;
        if (shape == 1) value = std::exp(40 * uniform - 20);
        if (shape == 2) value = 1000 * (uniform - 0.5);
        if (shape == 3) value = std::pow(uniform, -1.5) * (random() % 4 == 0 ? -1 : 1);
        if (random() % 50 == 0) value = 0;
        values.push_back(value);
        sketch.add(value);
      }
      std::sort(values.begin(), values.end());
      for (int step = 0; step <= 100; ++step) {
        const double probability = step / 100.0;
        const auto rank = static_cast<std::size_t>(
            std::floor(probability * static_cast<double>(values.size() - 1)));
        const double exact = values[rank];
        const double found = *sketch.quantile(probability);
        CAPTURE(shape);
        CAPTURE(probability);
        CHECK(std::abs(found - exact) <= accuracy * (1 + 1e-9) * std::abs(exact));
      }
    }
  }
}

TEST_CASE("DdSketch: extremes, infinities, NaN and nothing") {
  constexpr double kMost = std::numeric_limits<double>::max();
  DdSketch sketch(0.01);
  CHECK(!sketch.quantile(0.5).has_value());
  sketch.add(kMost);
  CHECK(std::abs(*sketch.quantile(0.5) / kMost - 1) <= 0.01 + 1e-9);
  sketch.add(-std::numeric_limits<double>::min());
  CHECK(std::abs(*sketch.quantile(0) / -std::numeric_limits<double>::min() - 1) <= 0.01 + 1e-9);
  sketch.add(-std::numeric_limits<double>::infinity());
  CHECK(*sketch.quantile(0) == -std::numeric_limits<double>::infinity());
  sketch.add(std::numeric_limits<double>::infinity());
  CHECK(*sketch.quantile(1) == std::numeric_limits<double>::infinity());
  sketch.add(std::numeric_limits<double>::denorm_min());
  CHECK(*sketch.quantile(0.5) > 0);
  sketch.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(*sketch.quantile(0.5)));
}

TEST_CASE("DdSketch: the order of values and merges does not matter") {
  std::mt19937_64 random(9);
  std::vector<double> values;
  for (int i = 0; i < 2'000; ++i) {
    values.push_back(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                                -static_cast<int>(random() % 80)));
  }
  DdSketch all(0.02);
  for (const double value : values) all.add(value);
  std::shuffle(values.begin(), values.end(), random);
  DdSketch parts[3] = {DdSketch(0.02), DdSketch(0.02), DdSketch(0.02)};
  for (const double value : values) parts[random() % 3].add(value);
  parts[0].merge(parts[2]);
  parts[1].merge(parts[0]);
  CHECK(bytes_of(parts[1]) == bytes_of(all));
}

}  // namespace rtml::feature
