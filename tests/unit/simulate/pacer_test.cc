#include "core/simulate/pacer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/time.h"

namespace rtml::simulate {

TEST_CASE("pacer: a steady stream is evenly spaced") {
  const Pacer pacer = Pacer::create(50, 1).value();
  for (std::int64_t i = 0; i < 2'000; ++i) {
    CHECK(std::llabs(pacer.due_us(i) - i * 20'000) <= 1);
  }
}

TEST_CASE("pacer: one second in ten has a burst") {
  const Pacer pacer = Pacer::create(100, 5).value();
  std::int64_t counts[20] = {};
  std::int64_t last = -1;
  for (std::int64_t i = 0; pacer.due_us(i) < 20 * kSecond; ++i) {
    REQUIRE(pacer.due_us(i) >= last);
    last = pacer.due_us(i);
    ++counts[pacer.due_us(i) / kSecond];
  }
  for (int second = 0; second < 20; ++second) {
    CAPTURE(second);
    CHECK(std::llabs(counts[second] - (second % 10 == 0 ? 500 : 100)) <= 1);
  }
}

TEST_CASE("pacer: refuses what is no rate") {
  CHECK_FALSE(Pacer::create(0, 1));
  CHECK_FALSE(Pacer::create(-1, 1));
  CHECK_FALSE(Pacer::create(std::nan(""), 1));
  CHECK_FALSE(Pacer::create(10, 0.5));
}

}  // namespace rtml::simulate
