// Windows of a view with `as_of_created`. What was not created by a read's time is mostly the end
// of its window, because events are created in about the order of their times: then the window is
// one of fewer events, and slides as any other. Internal to core/feature.

#pragma once

#include <cstdint>
#include <vector>

#include "core/feature/place_reads.h"
#include "core/feature/sweep_block.h"

namespace rtml::feature {

class CreatedWindow {
 public:
  // The windows of a block's reads. `entities` are those of the block.
  CreatedWindow(const WindowReads& window, const BlockTimes& times,
                const std::vector<EntityRange>& entities);

  // Neither end falls from one read to the next.
  WindowReads reads() const { return {lows_, highs_.data()}; }
  // The reads whose window in reads() is not that of the events they see, ascending: some event in
  // the middle of it was created later.
  const std::vector<Position>& others() const { return others_; }

 private:
  const Position* lows_;
  std::vector<Position> highs_;
  std::vector<Position> others_;
};

}  // namespace rtml::feature
