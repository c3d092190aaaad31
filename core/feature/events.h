// The events of a state as arrays: where they stand, how one goes in and others go out. Internal to
// core/feature.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/feature/program.h"
#include "core/feature/state.h"
#include "core/feature/window.h"

namespace rtml::feature {

// The number of events at or before a time.
inline std::size_t first_after(const std::vector<std::int64_t>& times, std::int64_t time) {
  return static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), time) -
                                  times.begin());
}

template <typename T>
void insert_at(std::vector<T>& values, std::size_t position, T value) {
  values.insert(values.begin() + static_cast<std::ptrdiff_t>(position), std::move(value));
}

template <typename T>
void erase_range(std::vector<T>& values, std::size_t begin, std::size_t end) {
  if (values.empty()) return;
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(begin),
               values.begin() + static_cast<std::ptrdiff_t>(end));
}

inline void erase_events(State& state, std::size_t begin, std::size_t end) {
  erase_range(state.times_us, begin, end);
  erase_range(state.created_us, begin, end);
  erase_range(state.tie_breaks, begin, end);
  for (SlotValues& slot : state.slots) {
    erase_range(slot.valid, begin, end);
    erase_range(slot.integers, begin, end);
    erase_range(slot.numbers, begin, end);
    erase_range(slot.texts, begin, end);
  }
}

inline EventPlace place_of(const State& state, std::size_t i) {
  EventPlace place;
  place.time_us = state.times_us[i];
  place.created_us = state.created_us.empty() ? State::kNoCreated : state.created_us[i];
  if (!state.tie_breaks.empty()) place.tie_break = state.tie_breaks[i];
  return place;
}

// Events at or before the returned moment are final once reads before `oldest_read_us` are given
// up: no read at or after it needs them from the events themselves, but for the latest row and
// sessions.
inline std::int64_t final_until(const Program& program, std::int64_t oldest_read_us) {
  return earlier(earlier(oldest_read_us, program.raw_retention_us), 1);
}

// The end of the first pause longer than the window's gap in a time of which nothing was forgotten,
// that since the latest event included: from then on the first event starts a session, as long as
// none comes before it. REQUIRES: complete_from_us is not the least moment.
std::int64_t start_after_pause(const Window& window, const State& state);

// An empty accumulator for a bucket of a fold.
std::unique_ptr<Accumulator> make_accumulator(const Program& program, const Fold& fold);

// The latest event at or before `time_us` that a read at `time_us` sees, or kNone.
std::size_t latest_event(const Program& program, const State& state, std::int64_t time_us);

}  // namespace rtml::feature
