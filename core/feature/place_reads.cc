#include "core/feature/place_reads.h"

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

}  // namespace

ReadPlaces::ReadPlaces(const Program& program)
    : program_(program), windows_(program.windows.size()) {
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    windows_[i].reaches_read = reaches_read(program.windows[i]);
    for (std::size_t other = 0; other < i && windows_[i].same_highs == kNone; ++other) {
      if (end_alike(program.windows[i], program.windows[other])) windows_[i].same_highs = other;
    }
  }
}

void ReadPlaces::start_block(std::size_t reads) {
  ends_.resize(reads);
  latest_.resize(reads);
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
  follow(times, entity, ends_.data(), [](std::int64_t read_us) { return read_us; });
  place_latest(times, entity);
  for (std::size_t i = 0; i < windows_.size(); ++i) place_window(times, entity, i);
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
  if (window.kind == WindowKind::kSliding && window.resolution_us == 0) {
    // The most common window needs no more than a difference.
    const std::int64_t open_us = window.is_closed_open ? 1 : 0;
    follow(times, entity, placed.lows.data(), [&](std::int64_t read_us) {
      return earlier(earlier(earlier(read_us, window.delay_us), window.size_us), open_us);
    });
  } else {
    follow(times, entity, placed.lows.data(),
           [&](std::int64_t read_us) { return ends_of(window, read_us).low_us; });
  }
  if (placed.highs.empty()) return;
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
