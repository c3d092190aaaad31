// How the kernel reads exact windows fast: cells that look at the same values in windows of one end
// share one pass over the events, from the newest to the oldest, and each window takes what has
// been seen when the pass reaches its beginning. Internal to core/feature.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/feature/aggregate.h"
#include "core/feature/program.h"

namespace rtml::feature {

// What a pass makes of a window.
enum class PassResult : std::uint8_t { kCount, kSum, kMean, kMin, kMax };

struct PassCell {
  std::size_t cell = 0;  // Of Program::cells.
  PassResult result = PassResult::kCount;
};

// The cells of one window, the nested windows of one pass, the passes of a program.
struct PassWindow {
  std::size_t window = 0;  // Of Program::windows.
  std::vector<PassCell> cells;
};
struct ReadPass {
  std::size_t slot = kNone;    // As in Cell.
  std::size_t filter = kNone;  // As in Cell.
  bool has_sums = false;
  bool has_extremes = false;
  std::vector<PassWindow> windows;  // All of one end, the shortest first.
};

// Cells of one fold whose windows have one end: a pass over its buckets and the events after them,
// from the newest to the oldest.
struct FoldPass {
  std::size_t fold = 0;            // Of Program::folds.
  std::vector<std::size_t> cells;  // Of Program::cells, the shortest window first.
};

struct ReadPlan {
  std::vector<ReadPass> passes;
  std::vector<FoldPass> fold_passes;
  std::vector<std::size_t> others;  // Cells that are read one by one.
};

ReadPlan make_plan(const Program& program);

// The events that a read may see.
struct PassEvents {
  const std::vector<std::int64_t>& times_us;
  const std::vector<SlotView>& views;
  std::int64_t time_us = 0;
};

// Computes the cells of a pass; the value of cell c goes to cells[c].
void run_pass(const ReadPass& pass, const Program& program, const PassEvents& events,
              std::vector<table::Value>& cells, ReadMemory& memory);

}  // namespace rtml::feature
