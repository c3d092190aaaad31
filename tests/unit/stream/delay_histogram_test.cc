#include "core/stream/delay_histogram.h"

#include <doctest/doctest.h>

#include <limits>

using rtml::stream::DelayHistogram;

TEST_CASE("delay histogram: quantiles are right up to an eighth") {
  DelayHistogram delays;
  CHECK(delays.quantile_us(0.5) == 0);
  for (std::int64_t delay = 1; delay <= 100'000; ++delay) delays.add(delay);
  for (const double share : {0.01, 0.5, 0.95, 0.99}) {
    const double exact = share * 100'000;
    CAPTURE(share);
    CHECK(static_cast<double>(delays.quantile_us(share)) >= exact);
    CHECK(static_cast<double>(delays.quantile_us(share)) <= exact * 1.125 + 1);
  }
}

TEST_CASE("delay histogram: every delay has a bucket, one below zero counts as none") {
  for (const std::int64_t delay :
       {std::int64_t{-5}, std::int64_t{0}, std::int64_t{7}, std::int64_t{8}, std::int64_t{15},
        std::int64_t{16}, std::numeric_limits<std::int64_t>::max()}) {
    DelayHistogram delays;
    delays.add(delay);
    CAPTURE(delay);
    CHECK(delays.quantile_us(0.5) >= (delay < 0 ? 0 : delay));
  }
}
