#include "core/statistics/quantile_sketch.h"

#include <algorithm>
#include <cmath>

namespace rtml::statistics {

void QuantileSketch::add(double value) {
  levels_[0].values.push_back(value);
  ++count_;
  // One past the capacity, so that a stream of exactly that many values stays exact.
  if (levels_[0].values.size() > capacity_) thin(0);
}

void QuantileSketch::thin(std::size_t level) {
  if (level + 1 == levels_.size()) levels_.emplace_back();
  Level& lower = levels_[level];
  Level& upper = levels_[level + 1];
  const std::size_t pairs = lower.values.size() / 2;
  // The newest value of an odd run stays behind, so that the weights still add up to the count.
  std::sort(lower.values.begin(), lower.values.begin() + static_cast<std::ptrdiff_t>(2 * pairs));
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    upper.values.push_back(lower.values[2 * pair + (lower.keep_second ? 1 : 0)]);
  }
  lower.values.erase(lower.values.begin(),
                     lower.values.begin() + static_cast<std::ptrdiff_t>(2 * pairs));
  lower.keep_second = !lower.keep_second;
  ++lower.thinnings;
  if (upper.values.size() > capacity_) thin(level + 1);
}

double QuantileSketch::rank_error() const {
  if (count_ == 0) return 0;
  // A thinning that keeps the first of each pair moves a rank by at most one weight one way, the
  // next one at most one weight the other way, so that two of them cost one weight, not two.
  double error = 0;
  double weight = 1;
  for (const Level& level : levels_) {
    error += weight * static_cast<double>((level.thinnings + 1) / 2);
    weight *= 2;
  }
  return error / static_cast<double>(count_);
}

std::vector<WeightedValue> QuantileSketch::take_sorted() {
  std::vector<WeightedValue> all;
  std::int64_t weight = 1;
  for (const Level& level : levels_) {
    for (const double value : level.values) all.push_back({value, weight});
    weight *= 2;
  }
  levels_.assign(1, {});
  count_ = 0;
  std::sort(all.begin(), all.end(),
            [](const WeightedValue& a, const WeightedValue& b) { return a.value < b.value; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && all[kept - 1].value == all[i].value) {
      all[kept - 1].weight += all[i].weight;
    } else {
      all[kept++] = all[i];
    }
  }
  all.resize(kept);
  return all;
}

double weighted_quantile(const std::vector<WeightedValue>& sorted, std::int64_t total,
                         double probability) {
  const double position = static_cast<double>(total - 1) * probability;
  const auto rank = static_cast<std::int64_t>(std::floor(position));
  const double share = position - static_cast<double>(rank);
  std::int64_t passed = 0;
  std::size_t index = 0;
  while (passed + sorted[index].weight <= rank) passed += sorted[index++].weight;
  const double lower = sorted[index].value;
  const bool next_is_equal = passed + sorted[index].weight > rank + 1 || index + 1 == sorted.size();
  const double upper = next_is_equal ? lower : sorted[index + 1].value;
  if (lower == upper) return lower;  // Also where both are infinite.
  const double difference = upper - lower;
  return share >= 0.5 ? upper - difference * (1 - share) : lower + difference * share;
}

}  // namespace rtml::statistics
