// A window that slides over the events of a block from read to read, for aggregates that can take
// an event in and let it go again. Internal to core/feature.

#pragma once

#include <cstddef>

#include "core/feature/sweep_block.h"

namespace rtml::feature {

// Calls add(i) and remove(i) for the events taken that come into the window and leave it, and
// emit(read) when it stands where a read sees it: each event once in all, however long the window.
template <typename Add, typename Remove, typename Emit>
void slide(const SweepTask& task, const Add& add, const Remove& remove, const Emit& emit) {
  Position begin = 0;
  Position end = 0;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window.lows[read];
    const Position high = task.window.highs[read];
    for (; end < high; ++end) {
      const auto i = static_cast<std::size_t>(end);
      if (takes(task, i)) add(i);
    }
    for (; begin < low; ++begin) {
      const auto i = static_cast<std::size_t>(begin);
      if (takes(task, i)) remove(i);
    }
    emit(read);
  }
}

}  // namespace rtml::feature
