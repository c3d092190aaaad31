// trim() and merge(): what becomes of events that are final.

#include <algorithm>
#include <map>

#include "core/feature/aggregate.h"
#include "core/feature/events.h"
#include "core/feature/kernel.h"
#include "core/feature/order.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// The first bucket that a read at or after a time sees.
std::int64_t first_bucket(const Program& program, const Fold& fold, std::int64_t oldest_read_us) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const std::size_t window : fold.windows) {
    const WindowEnds ends = ends_of(program.windows[window], oldest_read_us);
    first = std::min(first, ends.low_us == kBeforeAllTime ? std::numeric_limits<std::int64_t>::min()
                                                          : fold.buckets.of(ends.low_us + 1));
  }
  return first;
}

// Adds the events [begin, end) of the state to the buckets of one fold.
void fold_events(const Program& program, const Fold& fold, const State& state, std::size_t begin,
                 std::size_t end, std::int64_t least_bucket, std::vector<FoldedBucket>& buckets) {
  const SlotView values = fold.slot == kNone
                              ? SlotView()
                              : view_of(state.slots[fold.slot], program.slots[fold.slot].kind);
  const SlotView filter = fold.filter == kNone
                              ? SlotView()
                              : view_of(state.slots[fold.filter], program.slots[fold.filter].kind);
  for (std::size_t i = begin; i < end; ++i) {
    if (fold.filter != kNone && !filter.is_true(i)) continue;
    if (fold.slot != kNone && values.valid[i] == 0) continue;
    const std::int64_t index = fold.buckets.of(state.times_us[i]);
    if (index < least_bucket) continue;
    // Events are folded in order, so that a bucket is the last one or a new one.
    if (buckets.empty() || buckets.back().index != index) {
      buckets.emplace_back(index, make_accumulator(program, fold));
    }
    buckets.back().accumulator->add(fold.slot == kNone ? Value() : values.at(i),
                                    place_of(state, i));
  }
}

// From which event on the windows need what is final: the latest row, and the sessions at the end
// of it. Moves the known starts of sessions.
std::size_t first_needed(const Program& program, State& state, std::size_t final_events,
                         std::int64_t oldest_read_us) {
  if (final_events == 0) return 0;
  std::size_t needed = final_events - 1;
  if (program.as_of_created) {
    // Of rows that were not created yet the latest one that is counts, then those after it.
    const std::int64_t* const created = state.created_us.data();
    std::size_t latest = final_events;
    while (latest > 0 && !KeptWindow::was_created(created[latest - 1], oldest_read_us)) --latest;
    needed = latest == 0 ? 0 : latest - 1;
    // A row without a moment of creation is never seen.
    while (needed < final_events && created[needed] == State::kNoCreated) ++needed;
  }
  for (std::size_t w = 0; w < state.session_starts_us.size(); ++w) {
    const Window& window = program.windows[w];
    std::int64_t& start_us = state.session_starts_us[w];
    if (!window.is_session() || start_us == State::kUnknownSession) continue;
    SessionCutter cutter(window);
    std::size_t before = kNone;
    std::size_t start = kNone;
    for (std::size_t i = first_after(state.times_us, earlier(start_us, 1)); i < final_events; ++i) {
      if (!cutter.next(state.times_us[i])) continue;
      before = start;
      start = i;
    }
    // An open session that no event to come can continue is of no more use.
    const std::int64_t not_final_us = final_until(program, oldest_read_us) + 1;
    if (!window.is_over && start != kNone && cutter.is_over_at(not_final_us)) {
      start_us = not_final_us;
      continue;
    }
    if (window.is_over) start = before;
    // Without one before it, the first session of all is still the latest that is over, or none is.
    if (start == kNone) {
      needed = std::min(needed, first_after(state.times_us, earlier(start_us, 1)));
      continue;
    }
    start_us = std::max(start_us, state.times_us[start]);
    needed = std::min(needed, start);
  }
  return needed;
}

}  // namespace

std::unique_ptr<Accumulator> make_accumulator(const Program& program, const Fold& fold) {
  const Kind kind = fold.slot == kNone ? Kind::kInt64 : program.slots[fold.slot].kind;
  return fold.aggregate->accumulate(kind, fold.parameters);
}

void Kernel::trim(State& state, std::int64_t oldest_read_us) const {
  if (oldest_read_us <= state.oldest_read_us) return;
  state.oldest_read_us = oldest_read_us;
  const std::int64_t until_us = final_until(program_, oldest_read_us);
  const std::size_t begin = state.folded_until_us == State::kNotFolded
                                ? 0
                                : first_after(state.times_us, state.folded_until_us);
  const std::size_t end = first_after(state.times_us, until_us);
  for (std::size_t f = 0; f < program_.folds.size(); ++f) {
    const Fold& fold = program_.folds[f];
    const std::int64_t least = first_bucket(program_, fold, oldest_read_us);
    std::vector<FoldedBucket>& buckets = state.folds[f];
    const auto seen = std::find_if(buckets.begin(), buckets.end(), [&](const FoldedBucket& bucket) {
      return bucket.index >= least;
    });
    buckets.erase(buckets.begin(), seen);
    fold_events(program_, fold, state, begin, end, least, buckets);
  }
  state.folded_until_us = std::max(state.folded_until_us, until_us);
  const std::size_t needed = first_needed(program_, state, end, oldest_read_us);
  if (needed == 0) return;
  if (program_.has_sessions) {
    state.complete_from_us = std::max(state.complete_from_us, state.times_us[needed - 1] + 1);
  }
  erase_events(state, 0, needed);
  state.id_hashes.clear();
}

}  // namespace rtml::feature
