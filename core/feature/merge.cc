// merge(): what several partitions have kept of one entity, as one state.

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "core/feature/aggregate.h"
#include "core/feature/events.h"
#include "core/feature/kernel.h"
#include "core/feature/order.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;

// Events to leave out, because the other state has one with their id that comes first.
struct Doubles {
  std::vector<std::uint8_t> in_a;
  std::vector<std::uint8_t> in_b;
  std::int64_t count = 0;
};

std::string sortable_values(const Program& program, const State& state, std::size_t i) {
  std::string bytes;
  for (std::size_t s = 0; s < program.slots.size(); ++s) {
    append_sortable(bytes, view_of(state.slots[s], program.slots[s].kind).at(i));
  }
  return bytes;
}

// Whether event i of `a` stays where event j of `b` has its id.
bool stays(const Program& program, const State& a, std::size_t i, const State& b, std::size_t j) {
  const auto order = place_of(a, i) <=> place_of(b, j);
  if (order != 0) return order < 0;
  return sortable_values(program, a, i) <= sortable_values(program, b, j);
}

Doubles find_doubles(const Program& program, const State& a, const State& b) {
  Doubles doubles;
  if (program.id_column.empty() || a.events() == 0 || b.events() == 0) return doubles;
  doubles.in_a.resize(a.events());
  doubles.in_b.resize(b.events());
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < a.events(); ++i) places.emplace(a.tie_breaks[i], i);
  for (std::size_t j = 0; j < b.events(); ++j) {
    if (!has_id(program, b.tie_breaks[j])) continue;
    const auto found = places.find(b.tie_breaks[j]);
    if (found == places.end()) continue;
    ++doubles.count;
    if (stays(program, a, found->second, b, j)) {
      doubles.in_b[j] = 1;
    } else {
      doubles.in_a[found->second] = 1;
    }
  }
  return doubles;
}

void append_event(const Program& program, const State& from, std::size_t i, State& to) {
  to.times_us.push_back(from.times_us[i]);
  if (!from.created_us.empty()) to.created_us.push_back(from.created_us[i]);
  if (!from.tie_breaks.empty()) to.tie_breaks.push_back(from.tie_breaks[i]);
  for (std::size_t s = 0; s < program.slots.size(); ++s) {
    const SlotValues& source = from.slots[s];
    SlotValues& target = to.slots[s];
    target.valid.push_back(source.valid[i]);
    if (!source.integers.empty()) target.integers.push_back(source.integers[i]);
    if (!source.numbers.empty()) target.numbers.push_back(source.numbers[i]);
    if (!source.texts.empty()) target.texts.push_back(source.texts[i]);
  }
}

// Puts the events of both into `to`, in order.
void merge_events(const Program& program, const State& a, const State& b, State& to) {
  const Doubles doubles = find_doubles(program, a, b);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.events() || j < b.events()) {
    const bool is_a = j == b.events() || (i < a.events() && place_of(a, i) <= place_of(b, j));
    if (is_a) {
      if (doubles.count == 0 || doubles.in_a[i] == 0) append_event(program, a, i, to);
      ++i;
    } else {
      if (doubles.count == 0 || doubles.in_b[j] == 0) append_event(program, b, j, to);
      ++j;
    }
  }
  to.duplicates = a.duplicates + b.duplicates + doubles.count;
}

std::vector<FoldedBucket> merge_buckets(std::vector<FoldedBucket> a,
                                        const std::vector<FoldedBucket>& b) {
  if (b.empty()) return a;
  std::vector<FoldedBucket> merged;
  merged.reserve(a.size() + b.size());
  std::size_t i = 0;
  for (const FoldedBucket& bucket : b) {
    while (i < a.size() && a[i].index < bucket.index) merged.push_back(std::move(a[i++]));
    if (i < a.size() && a[i].index == bucket.index) {
      merged.push_back(std::move(a[i++]));
      merged.back().accumulator->merge(*bucket.accumulator);
    } else {
      merged.push_back(bucket);
    }
  }
  while (i < a.size()) merged.push_back(std::move(a[i++]));
  return merged;
}

// Whether all events of `state`, forgotten ones too, are at or after `time_us`.
bool has_nothing_before(const State& state, std::int64_t time_us) {
  return state.complete_from_us == kBeforeAllTime &&
         (state.events() == 0 || state.times_us.front() >= time_us);
}

// A moment from which on the first event in the union of two states starts a session for sure.
std::int64_t session_start(const Window& window, const State& a, std::int64_t a_start_us,
                           const State& b, std::int64_t b_start_us, const State& merged) {
  // Nothing of the other stands before it.
  if (a_start_us != State::kUnknownSession && has_nothing_before(b, a_start_us)) return a_start_us;
  if (b_start_us != State::kUnknownSession && has_nothing_before(a, b_start_us)) return b_start_us;
  if (merged.complete_from_us == kBeforeAllTime) return kBeforeAllTime;
  return start_after_pause(window, merged);
}

}  // namespace

std::int64_t start_after_pause(const Window& window, const State& state) {
  std::int64_t before_us = state.complete_from_us - 1;
  for (const std::int64_t time_us : state.times_us) {
    if (time_us < state.complete_from_us) continue;
    if (earlier(time_us, window.gap_us) > before_us) break;
    before_us = time_us;
  }
  std::int64_t start_us = 0;
  return __builtin_add_overflow(before_us, window.gap_us + 1, &start_us) ? State::kUnknownSession
                                                                         : start_us;
}

void Kernel::merge(State& into, const State& other) const {
  const std::int64_t oldest_read_us = std::max(into.oldest_read_us, other.oldest_read_us);
  trim(into, oldest_read_us);
  State trimmed;
  const State* from = &other;
  if (other.oldest_read_us < oldest_read_us) {
    trimmed = other;
    trim(trimmed, oldest_read_us);
    from = &trimmed;
  }
  State merged = make_state();
  merged.oldest_read_us = oldest_read_us;
  merged.folded_until_us = std::max(into.folded_until_us, from->folded_until_us);
  merged.complete_from_us = std::max(into.complete_from_us, from->complete_from_us);
  merge_events(program_, into, *from, merged);
  for (std::size_t w = 0; w < merged.session_starts_us.size(); ++w) {
    if (!program_.windows[w].is_session()) continue;
    merged.session_starts_us[w] =
        session_start(program_.windows[w], into, into.session_starts_us[w], *from,
                      from->session_starts_us[w], merged);
  }
  for (std::size_t f = 0; f < merged.folds.size(); ++f) {
    merged.folds[f] = merge_buckets(std::move(into.folds[f]), from->folds[f]);
  }
  into = std::move(merged);
}

}  // namespace rtml::feature
