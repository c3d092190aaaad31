#include "core/feature/kernel.h"

#include <algorithm>
#include <cmath>

#include "core/base/time.h"
#include "core/feature/aggregate.h"
#include "core/feature/events.h"
#include "core/feature/exact_sum.h"
#include "core/feature/kernel_memory.h"
#include "core/feature/order.h"
#include "core/feature/packed_list.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// Below this many events, looking at each is as fast as an index.
constexpr std::size_t kIndexFrom = 64;
// How many searches through all ids cost about as much as making an index.
constexpr std::size_t kSearchesPerIndex = 32;

void insert_value(SlotValues& slot, Kind kind, std::size_t position, const Value& value) {
  insert_at(slot.valid, position, static_cast<std::uint8_t>(value.is_null() ? 0 : 1));
  if (kind == Kind::kDouble) {
    insert_at(slot.numbers, position, value.is_null() ? 0.0 : value.number());
  } else if (kind == Kind::kString || kind == Kind::kBytes) {
    insert_at(slot.texts, position, std::string(value.is_null() ? "" : value.text()));
  } else {
    insert_at(slot.integers, position, value.is_null() ? 0 : value.integer());
  }
}

}  // namespace

// A new event as the state will hold it.
struct Arrival {
  std::int64_t time_us = 0;
  std::int64_t created_us = State::kNoCreated;
  std::string tie_break;
  bool has_id = false;

  EventPlace place() const { return {time_us, created_us, tie_break}; }
};

Kernel::Kernel(const Program& program)
    : program_(program), memory_(std::make_unique<Memory>(program)) {}
Kernel::~Kernel() = default;
Kernel::Kernel(Kernel&&) noexcept = default;

State Kernel::make_state() const {
  State state;
  state.slots.resize(program_.slots.size());
  state.folds.resize(program_.folds.size());
  if (program_.has_sessions)
    state.session_starts_us.assign(program_.windows.size(), kBeforeAllTime);
  return state;
}

namespace {

bool is_before(const State& state, std::size_t i, const Arrival& arrival) {
  return place_of(state, i) < arrival.place();
}

// The place of a new event: before the first that does not come before it.
std::size_t position_of(const State& state, const Arrival& arrival) {
  std::size_t low = 0;
  std::size_t high = state.events();
  // Events mostly come in order.
  if (high > 0 && is_before(state, high - 1, arrival)) return high;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (is_before(state, middle, arrival)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Whether the state's index of ids knows that the id of `arrival` is new. The index is made once
// searches have looked at many times as many ids as there are: a state that is read back for a few
// events does without.
bool is_new_to_index(State& state, const Arrival& arrival) {
  if (state.id_hashes.empty()) {
    state.ids_looked_at += state.events();
    if (state.events() < kIndexFrom || state.ids_looked_at < kSearchesPerIndex * state.events()) {
      return false;
    }
    for (const std::string& known : state.tie_breaks) {
      state.id_hashes.insert(std::hash<std::string>()(known));
    }
  }
  return state.id_hashes.insert(std::hash<std::string>()(arrival.tie_break)).second;
}

// The event with the id of `arrival`, or kNone.
std::size_t find_id(const State& state, const Arrival& arrival) {
  const auto found = std::find(state.tie_breaks.begin(), state.tie_breaks.end(), arrival.tie_break);
  return found == state.tie_breaks.end()
             ? kNone
             : static_cast<std::size_t>(found - state.tie_breaks.begin());
}

}  // namespace

Arrival Kernel::receive(const Event& event) {
  Memory& memory = *memory_;
  memory.inputs.assign(event.inputs.begin(), event.inputs.end());
  if (program_.nan_is_null) {
    memory.lists.clear();
    for (Value& input : memory.inputs) input = table::null_where_nan(input, memory.lists);
  }
  Arrival arrival;
  arrival.time_us = event.time_us;
  if (!event.created.is_null()) arrival.created_us = event.created.integer();
  arrival.tie_break = tie_break(program_, event.id, memory.inputs);
  arrival.has_id = !event.id.is_null() && !program_.id_column.empty();
  memory.inputs.push_back(Value::of_integer(event.time_us));
  memory.slot_values.resize(program_.slots.size());
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    Value value = program_.slots[i].expression.evaluate(memory.inputs, memory.slot_scratch[i]);
    if (value.is_number()) {
      value = Value::of_number(canonical(value.number()));
    } else if (value.is_list()) {
      memory.packed[i].clear();
      pack_list(value.list(), program_.slots[i].type.kind, memory.packed[i]);
      value = Value::of_text(memory.packed[i]);
    }
    memory.slot_values[i] = value;
  }
  return arrival;
}

UpdateOutcome Kernel::apply(State& state, const Arrival& arrival, bool may_index) const {
  if (arrival.has_id && !make_room_for_id(state, arrival, may_index)) {
    return UpdateOutcome::kDuplicate;
  }
  insert(state, arrival);
  // An event within the pause that told where a session starts: another pause has to.
  for (std::size_t w = 0; w < state.session_starts_us.size(); ++w) {
    std::int64_t& start_us = state.session_starts_us[w];
    if (arrival.time_us >= start_us || start_us == State::kUnknownSession) continue;
    start_us = state.complete_from_us == kBeforeAllTime
                   ? kBeforeAllTime
                   : start_after_pause(program_.windows[w], state);
  }
  return UpdateOutcome::kApplied;
}

UpdateOutcome Kernel::update(State& state, const Event& event) {
  if (state.folded_until_us != State::kNotFolded && event.time_us <= state.folded_until_us) {
    return UpdateOutcome::kFolded;
  }
  return apply(state, receive(event), true);
}

Result<Row> Kernel::read_with_event(const State& state, const Event& event, std::int64_t time_us) {
  if (state.folded_until_us != State::kNotFolded && event.time_us <= state.folded_until_us) {
    return fail(ErrorCode::kOutsideHistory, "cannot apply an event of " +
                                                format_timestamp(event.time_us) + " to view " +
                                                program_.view + ": its state is final up to " +
                                                format_timestamp(state.folded_until_us));
  }
  // The vectors of the overlay keep their memory from read to read.
  State& overlay = memory_->overlay;
  overlay.times_us = state.times_us;
  overlay.created_us = state.created_us;
  overlay.tie_breaks = state.tie_breaks;
  overlay.slots = state.slots;
  overlay.complete_from_us = state.complete_from_us;
  overlay.session_starts_us = state.session_starts_us;
  apply(overlay, receive(event), false);
  RTML_TRY(check_history(state, time_us));
  return read_now(overlay, state, time_us);
}

// Of two events with one id the first in order stays; between equal places, the one whose values
// sort first. Returns false if that is the one in the state.
bool Kernel::make_room_for_id(State& state, const Arrival& arrival, bool may_index) const {
  if (may_index && is_new_to_index(state, arrival)) return true;
  const std::size_t found = find_id(state, arrival);
  if (found == kNone) return true;
  ++state.duplicates;
  if (is_before(state, found, arrival)) return false;
  const bool is_tie = state.times_us[found] == arrival.time_us &&
                      (state.created_us.empty() || state.created_us[found] == arrival.created_us);
  if (is_tie) {
    std::string kept;
    std::string fresh;
    for (std::size_t i = 0; i < program_.slots.size(); ++i) {
      append_sortable(kept, view_of(state.slots[i], program_.slots[i].kind).at(found));
      append_sortable(fresh, memory_->slot_values[i]);
    }
    if (kept <= fresh) return false;
  }
  erase_events(state, found, found + 1);
  return true;
}

void Kernel::insert(State& state, const Arrival& arrival) const {
  const std::size_t position = position_of(state, arrival);
  insert_at(state.times_us, position, arrival.time_us);
  if (!program_.created_column.empty()) insert_at(state.created_us, position, arrival.created_us);
  if (keeps_tie_breaks(program_)) insert_at(state.tie_breaks, position, arrival.tie_break);
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    insert_value(state.slots[i], program_.slots[i].kind, position, memory_->slot_values[i]);
  }
}

}  // namespace rtml::feature
