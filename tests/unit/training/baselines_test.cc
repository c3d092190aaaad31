#include "core/training/baselines.h"

#include <doctest/doctest.h>

#include <vector>

using namespace rtml;
using training::majority;
using training::no_change;

namespace {

using History = std::vector<std::pair<std::int64_t, double>>;

}  // namespace

TEST_CASE("baselines: majority is the mean training label") {
  const std::vector<double> labels = {0, 0, 0, 1};
  CHECK(majority(labels, 2).predictions == std::vector<double>{0.25, 0.25});
}

TEST_CASE("baselines: no-change waits until a label is mature") {
  const History history = {{10, 1}, {20, 0}, {30, 1}, {40, 0}};
  const std::vector<std::int64_t> times = {10, 19, 29, 30, 45, 100};
  const std::vector<double> train = {0, 1, 1, 1};
  // With a maturity of 10 the label of 20 is known from 30 on.
  CHECK(no_change(times, history, 10, train).predictions ==
        std::vector<double>{0.75, 0.75, 1, 0, 1, 0});
}

TEST_CASE("baselines: no-change never sees the row's own label") {
  const History history = {{10, 1}, {20, 0}, {20, 1}, {30, 0}};
  const std::vector<std::int64_t> times = {20, 30};
  const std::vector<double> train = {0};
  CHECK(no_change(times, history, 0, train).predictions == std::vector<double>{1, 1});
}

TEST_CASE("baselines: rows without a time have no last label") {
  const std::vector<double> train = {0, 1};
  CHECK_FALSE(no_change({}, {}, 10, train).missing.empty());
}
