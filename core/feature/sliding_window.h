// A window that slides over the events of a block from read to read, for aggregates that can take
// an event in and let it go again. Internal to core/feature.

#pragma once

#include <algorithm>
#include <cstddef>

#include "core/feature/sweep_block.h"

namespace rtml::feature {

// Calls add(i) and remove(i) for the events taken that come into the window and leave it, and
// emit(read) when it stands where a read sees it: each event at most once in all, however long the
// window. A window that has no event of the one before is empty in between, so that the events of
// two entities are never in it together.
template <typename Add, typename Remove, typename Emit>
void slide(const SweepTask& task, const Add& add, const Remove& remove, const Emit& emit) {
  Position begin = 0;
  Position end = 0;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window.lows[read];
    const Position high = task.window.highs[read];
    for (; begin < std::min(low, end); ++begin) {
      const auto i = static_cast<std::size_t>(begin);
      if (takes(task, i)) remove(i);
    }
    begin = low;
    end = std::max(end, low);  // What no window sees need not be looked at.
    for (; end < high; ++end) {
      const auto i = static_cast<std::size_t>(end);
      if (takes(task, i)) add(i);
    }
    emit(read);
  }
}

}  // namespace rtml::feature
