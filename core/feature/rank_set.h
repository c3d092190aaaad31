// Which of some numbered things are in a window, and which of those comes at a place: what an order
// statistic slides with. Internal to core/feature.

#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "core/feature/sweep_block.h"

namespace rtml::feature {

// How often each rank is in the window: a binary indexed tree (P. M. Fenwick, A New Data Structure
// for Cumulative Frequency Tables, 1994).
class RankSet {
 public:
  explicit RankSet(std::size_t ranks)
      : counts_(ranks + 1, 0), top_(std::bit_floor(std::max<std::size_t>(ranks, 1))) {}

  std::size_t size() const { return size_; }
  void add(Position rank) {
    ++size_;
    change(rank, 1);
  }
  void remove(Position rank) {
    --size_;
    change(rank, -1);
  }
  // The rank in place `index` of all that are in, ascending. REQUIRES: index < size().
  std::size_t at(std::size_t index) const {
    auto rest = static_cast<Position>(index);
    std::size_t place = 0;
    for (std::size_t step = top_; step > 0; step /= 2) {
      const std::size_t next = place + step;
      if (next >= counts_.size() || counts_[next] > rest) continue;
      rest -= counts_[next];
      place = next;
    }
    return place;
  }

 private:
  void change(Position rank, Position by) {
    for (auto i = static_cast<std::size_t>(rank) + 1; i < counts_.size(); i += i & (~i + 1)) {
      counts_[i] += by;
    }
  }

  std::vector<Position> counts_;
  std::size_t top_;
  std::size_t size_ = 0;
};

}  // namespace rtml::feature
