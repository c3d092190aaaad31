// The sweep of quantile: the numbers of a block are ranked once, and a tree of counts over the
// ranks knows which are in the window. An event costs O(log n), and so does a read.

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/quantile.h"
#include "core/feature/rank_set.h"
#include "core/feature/sliding_window.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

// Ranks the numbers of the events taken, from 0; a NaN has none.
void make_ranks(const SweepTask& task) {
  Prefix& prefix = *task.prefix;
  if (!prefix.ranks.empty()) return;
  struct Ranked {
    double number;
    Position event;
  };
  std::vector<Ranked> order;
  for (std::size_t i = 0; i < task.events; ++i) {
    if (!takes(task, i)) continue;
    const double number = number_at(*task.values, i);
    if (!std::isnan(number)) order.push_back({number, static_cast<Position>(i)});
  }
  std::sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) {
    return a.number != b.number ? a.number < b.number : a.event < b.event;
  });
  prefix.ranks.assign(std::max<std::size_t>(task.events, 1), -1);
  prefix.ranked.reserve(order.size());
  for (const Ranked& ranked : order) {
    prefix.ranks[static_cast<std::size_t>(ranked.event)] =
        static_cast<Position>(prefix.ranked.size());
    prefix.ranked.push_back(ranked.number);
  }
}

}  // namespace

void sweep_quantile(const SweepTask& task) {
  make_ranks(task);
  const std::vector<Position>& ranks = task.prefix->ranks;
  const std::vector<double>& numbers = task.prefix->ranked;
  const CellSpans& result = task.result;
  RankSet window(numbers.size());
  std::int64_t nans = 0;
  const auto quantile = [&] {
    if (nans > 0) return std::numeric_limits<double>::quiet_NaN();
    if (window.size() == 0) return 0.0;
    const QuantilePlace place = quantile_place(window.size(), task.parameters->probability);
    const double lower = numbers[window.at(place.index)];
    if (place.share == 0) return canonical(lower);
    return canonical(between(lower, numbers[window.at(place.index + 1)], place.share));
  };
  const auto add = [&](std::size_t i) {
    if (ranks[i] < 0) {
      ++nans;
    } else {
      window.add(ranks[i]);
    }
  };
  const auto remove = [&](std::size_t i) {
    if (ranks[i] < 0) {
      --nans;
    } else {
      window.remove(ranks[i]);
    }
  };
  slide(task, add, remove, [&](std::size_t read) {
    result.valid[read] = nans > 0 || window.size() > 0 ? 1 : 0;
    result.numbers[read] = quantile();
  });
}

}  // namespace rtml::feature
