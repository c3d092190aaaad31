#include "core/feature/sweep_created.h"

#include <algorithm>
#include <limits>

namespace rtml::feature {
namespace {

// Of events whose creation is not known; one at that very moment may be taken for such.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

CreatedWindow::CreatedWindow(const WindowReads& window, const BlockTimes& times,
                             const std::vector<EntityRange>& entities)
    : lows_(window.lows), highs_(times.reads_us.size()) {
  const std::int64_t* const created_us = times.created_us.data();
  // When each event and all of its entity's before it were there; never, if one is not known.
  std::vector<std::int64_t> complete_us(times.created_us.size());
  Position before = 0;
  for (const EntityRange& entity : entities) {
    std::int64_t latest_us = std::numeric_limits<std::int64_t>::min();
    for (std::int64_t i = entity.first_event; i < entity.last_event; ++i) {
      latest_us = std::max(latest_us, created_us[i] == State::kNoCreated ? kNever : created_us[i]);
      complete_us[static_cast<std::size_t>(i)] = latest_us;
    }
    for (std::int64_t read = entity.first_read; read < entity.last_read; ++read) {
      const std::int64_t read_us = times.reads_us[static_cast<std::size_t>(read)];
      const Position low = window.lows[read];
      Position high = window.highs[read];
      while (high > low && !KeptWindow::was_created(created_us[high - 1], read_us)) --high;
      const std::int64_t seen_us =
          high > low ? complete_us[static_cast<std::size_t>(high) - 1] : State::kNoCreated;
      if (seen_us > read_us || seen_us == kNever) {
        others_.push_back(static_cast<Position>(read));
        high = std::max(before, low);
      }
      before = high;
      highs_[static_cast<std::size_t>(read)] = high;
    }
  }
}

}  // namespace rtml::feature
