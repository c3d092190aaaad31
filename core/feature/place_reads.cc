#include "core/feature/place_reads.h"

#include <algorithm>
#include <array>

#include "core/feature/aggregate.h"
#include "core/feature/window.h"

namespace rtml::feature {
namespace {

using project::WindowKind;

// Whether a window holds whatever happened up to the very moment of a read.
bool reaches_read(const Window& window) {
  if (window.is_session()) return false;
  if (window.kind == WindowKind::kLifetime) return true;
  if (window.kind == WindowKind::kTumbling) return window.is_partial;
  return window.delay_us == 0 && !window.is_closed_open;
}

// Whether two windows end at the same moment, whatever the read.
bool end_alike(const Window& a, const Window& b) {
  return a.kind == WindowKind::kSliding && b.kind == WindowKind::kSliding &&
         a.delay_us == b.delay_us && a.is_closed_open == b.is_closed_open &&
         a.resolution_us == b.resolution_us;
}

// Finds the place behind the events at or before a moment for each read, which never falls.
template <typename MomentOf>
void follow(const BlockTimes& times, const EntityRange& entity, Position* places,
            const MomentOf& moment_of) {
  const std::int64_t* const events_us = times.events_us.data();
  const std::int64_t* const reads_us = times.reads_us.data();
  const std::int64_t last = entity.last_event;
  std::int64_t place = entity.first_event;
  for (std::int64_t read = entity.first_read; read < entity.last_read; ++read) {
    const std::int64_t moment_us = moment_of(reads_us[read]);
    while (place < last && events_us[place] <= moment_us) ++place;
    places[read] = static_cast<Position>(place);
  }
}

// How far the ends of a window lie before the read, where that never changes; false where it does.
bool have_lags(const Window& window, std::int64_t* low_us, std::int64_t* high_us) {
  if (window.kind != WindowKind::kSliding || window.resolution_us > 0) return false;
  *high_us = window.delay_us + (window.is_closed_open ? 1 : 0);
  return !__builtin_add_overflow(*high_us, window.size_us, low_us);
}

bool has_latest_cells(const Program& program) {
  return std::any_of(program.cells.begin(), program.cells.end(),
                     [](const Cell& cell) { return cell.aggregate == nullptr; });
}

}  // namespace

ReadPlaces::ReadPlaces(const Program& program, bool needs_latest)
    : program_(program),
      needs_latest_(needs_latest || has_latest_cells(program)),
      needs_ends_(needs_latest_),
      windows_(program.windows.size()) {
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    Placed& placed = windows_[i];
    placed.reaches_read = reaches_read(program.windows[i]);
    needs_ends_ = needs_ends_ || placed.reaches_read;
    for (std::size_t other = 0; other < i && placed.same_highs == kNone; ++other) {
      if (end_alike(program.windows[i], program.windows[other])) placed.same_highs = other;
    }
    std::int64_t low_us = 0;
    std::int64_t high_us = 0;
    if (!have_lags(program.windows[i], &low_us, &high_us)) continue;
    placed.is_low_edge = true;
    edges_.push_back({low_us, &placed.lows});
    placed.is_high_edge = !placed.reaches_read && placed.same_highs == kNone;
    if (placed.is_high_edge) edges_.push_back({high_us, &placed.highs});
  }
}

void ReadPlaces::start_block(std::size_t reads) {
  if (needs_ends_) ends_.resize(reads);
  if (needs_latest_) latest_.resize(reads);
  for (Placed& placed : windows_) {
    placed.lows.resize(reads);
    if (!placed.reaches_read && placed.same_highs == kNone) placed.highs.resize(reads);
  }
}

WindowReads ReadPlaces::window(std::size_t index) const {
  const Placed& placed = windows_[index];
  if (placed.reaches_read) return {placed.lows.data(), ends_.data()};
  const std::size_t owner = placed.same_highs == kNone ? index : placed.same_highs;
  return {placed.lows.data(), windows_[owner].highs.data()};
}

void ReadPlaces::place(const BlockTimes& times, const EntityRange& entity) {
  if (needs_ends_) {
    follow(times, entity, ends_.data(), [](std::int64_t read_us) { return read_us; });
  }
  if (needs_latest_) place_latest(times, entity);
  place_edges(times, entity);
  for (std::size_t i = 0; i < windows_.size(); ++i) place_window(times, entity, i);
}

// Where the events of a window begin is as good as random from read to read, so that a loop for
// each window would mostly wait for branches foretold wrongly. Several at once wait for each
// other's loads instead, and most reads are passed by no more than two events.
template <std::size_t kCount>
void ReadPlaces::follow_edges(const BlockTimes& times, const EntityRange& entity,
                              const Edge* edges) {
  const std::int64_t* const events_us = times.events_us.data();
  const std::int64_t last = entity.last_event;
  std::array<std::int64_t, kCount> place;
  std::array<std::int64_t, kCount> lag_us;
  std::array<Position*, kCount> places;
  for (std::size_t e = 0; e < kCount; ++e) {
    place[e] = entity.first_event;
    lag_us[e] = edges[e].lag_us;
    places[e] = edges[e].places->data();
  }
  // An event that is not there is compared with the last one, so that no branch has to tell.
  const auto passes = [&](std::int64_t at, std::int64_t moment_us) {
    return static_cast<std::int64_t>(events_us[std::min(at, last - 1)] <= moment_us) &
           static_cast<std::int64_t>(at < last);
  };
  for (std::int64_t read = entity.first_read; read < entity.last_read; ++read) {
    const std::int64_t read_us = times.reads_us[static_cast<std::size_t>(read)];
#pragma GCC unroll 4
    for (std::size_t e = 0; e < kCount; ++e) {
      const std::int64_t moment_us = earlier(read_us, lag_us[e]);
      std::int64_t at = place[e];
      at += passes(at, moment_us);
      at += passes(at, moment_us);
      while (passes(at, moment_us) != 0) ++at;
      place[e] = at;
      places[e][read] = static_cast<Position>(at);
    }
  }
}

void ReadPlaces::place_edges(const BlockTimes& times, const EntityRange& entity) {
  if (entity.first_event == entity.last_event) {
    for (const Edge& edge : edges_) {
      std::fill(edge.places->begin() + entity.first_read, edge.places->begin() + entity.last_read,
                static_cast<Position>(entity.first_event));
    }
    return;
  }
  const Edge* edge = edges_.data();
  std::size_t left = edges_.size();
  for (; left >= 4; left -= 4, edge += 4) follow_edges<4>(times, entity, edge);
  if (left == 3) follow_edges<3>(times, entity, edge);
  if (left == 2) follow_edges<2>(times, entity, edge);
  if (left == 1) follow_edges<1>(times, entity, edge);
}

void ReadPlaces::place_latest(const BlockTimes& times, const EntityRange& entity) {
  for (std::int64_t read = entity.first_read; read < entity.last_read; ++read) {
    std::int64_t latest = std::int64_t{ends_[read]} - 1;
    if (program_.as_of_created) {
      while (latest >= entity.first_event &&
             !KeptWindow::was_created(times.created_us[latest], times.reads_us[read])) {
        --latest;
      }
    }
    latest_[read] = latest < entity.first_event ? Position{-1} : static_cast<Position>(latest);
  }
}

void ReadPlaces::place_window(const BlockTimes& times, const EntityRange& entity,
                              std::size_t index) {
  const Window& window = program_.windows[index];
  Placed& placed = windows_[index];
  if (window.is_session()) return place_sessions(times, entity, index);
  if (!placed.is_low_edge) {
    follow(times, entity, placed.lows.data(),
           [&](std::int64_t read_us) { return ends_of(window, read_us).low_us; });
  }
  if (placed.is_high_edge || placed.highs.empty()) return;
  follow(times, entity, placed.highs.data(),
         [&](std::int64_t read_us) { return ends_of(window, read_us).high_us; });
}

// One pass over the events cuts them into sessions; each read takes the one that is open at its
// time, or the latest that is over.
void ReadPlaces::place_sessions(const BlockTimes& times, const EntityRange& entity,
                                std::size_t index) {
  const Window& window = program_.windows[index];
  Placed& placed = windows_[index];
  SessionCutter cutter(window);
  std::int64_t end = entity.first_event;
  std::int64_t start = end;   // Of the session of the last event.
  std::int64_t before = end;  // Of the one before it.
  for (std::int64_t read = entity.first_read; read < entity.last_read; ++read) {
    const std::int64_t read_us = times.reads_us[read];
    for (; end < entity.last_event && times.events_us[end] <= read_us; ++end) {
      if (!cutter.next(times.events_us[end])) continue;
      before = start;
      start = end;
    }
    const bool is_over = cutter.is_over_at(read_us);
    std::int64_t low = is_over ? end : start;
    std::int64_t high = end;
    if (window.is_over) {
      low = is_over ? start : before;
      high = is_over ? end : start;
    }
    placed.lows[read] = static_cast<Position>(low);
    placed.highs[read] = static_cast<Position>(high);
  }
}

}  // namespace rtml::feature
