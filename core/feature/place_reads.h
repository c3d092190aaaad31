// Where the reads of a block stand among its events: which events each window of a read holds, and
// which is the latest. Internal to core/feature.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/feature/program.h"
#include "core/feature/sweep_block.h"

namespace rtml::feature {

// The events and reads of one entity in a block: [first, last) each.
struct EntityRange {
  std::int64_t first_event = 0;
  std::int64_t last_event = 0;
  std::int64_t first_read = 0;
  std::int64_t last_read = 0;
};

// The times of a block, in order within each entity.
struct BlockTimes {
  std::span<const std::int64_t> events_us;
  std::span<const std::int64_t> created_us;  // With Program::as_of_created only.
  std::span<const std::int64_t> reads_us;
};

// Used for block after block by one thread.
class ReadPlaces {
 public:
  // `needs_latest`: latest() is asked for, even where no feature does.
  ReadPlaces(const Program& program, bool needs_latest);

  void start_block(std::size_t reads);
  void place(const BlockTimes& times, const EntityRange& entity);

  WindowReads window(std::size_t index) const;
  // The latest event of each read, -1 where there is none. REQUIRES: a cell is of the latest row,
  // or `needs_latest`.
  const std::vector<Position>& latest() const { return latest_; }

 private:
  // A place that follows the reads at a fixed distance: behind the events at or before t - lag.
  struct Edge {
    std::int64_t lag_us = 0;
    std::vector<Position>* places = nullptr;
  };
  struct Placed {
    std::vector<Position> lows;
    std::vector<Position> highs;     // Empty if another window's are meant.
    std::size_t same_highs = kNone;  // That window.
    bool reaches_read = false;       // The events up to the read's time: `ends_`.
    bool is_low_edge = false;        // `lows` is among `edges_`, or
    bool is_high_edge = false;       // `highs` is.
  };

  template <std::size_t kCount>
  void follow_edges(const BlockTimes& times, const EntityRange& entity, const Edge* edges);
  void place_edges(const BlockTimes& times, const EntityRange& entity);
  void place_latest(const BlockTimes& times, const EntityRange& entity);
  void place_window(const BlockTimes& times, const EntityRange& entity, std::size_t index);
  void place_sessions(const BlockTimes& times, const EntityRange& entity, std::size_t index);

  const Program& program_;
  bool needs_latest_;
  bool needs_ends_;
  std::vector<Placed> windows_;
  std::vector<Edge> edges_;
  std::vector<Position> ends_;  // Behind the events at or before each read.
  std::vector<Position> latest_;
};

}  // namespace rtml::feature
