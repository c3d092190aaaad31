#include "core/feature/kernel.h"

#include <algorithm>
#include <cmath>

#include "core/base/time.h"
#include "core/feature/aggregate.h"
#include "core/feature/exact_sum.h"
#include "core/feature/order.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// Below this many events, looking at each is as fast as an index.
constexpr std::size_t kIndexFrom = 64;

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

void erase_events(State& state, std::size_t begin, std::size_t end) {
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

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kPresent:
      return "PRESENT";
    case Status::kNullValue:
      return "NULL_VALUE";
    case Status::kNotFound:
      return "NOT_FOUND";
    case Status::kOutsideMaxAge:
      break;
  }
  return "OUTSIDE_MAX_AGE";
}

// A new event as the state will hold it.
struct Arrival {
  std::int64_t time_us = 0;
  std::int64_t created_us = State::kNoCreated;
  std::string tie_break;
  bool has_id = false;
};

struct Kernel::Memory {
  explicit Memory(const Program& program)
      : slot_scratch(program.slots.size()), output_scratch(program.outputs.size()) {}

  std::vector<Value> inputs;       // Of the event at hand, then its time.
  std::vector<Value> slot_values;  // Of the event at hand.
  std::vector<expression::Scratch> slot_scratch;
  std::vector<expression::Scratch> output_scratch;
  std::vector<SlotView> views;
  ReadMemory read;
  table::ValueMemory row;  // Texts and lists of the row last read.
};

Kernel::Kernel(const Program& program)
    : program_(program), memory_(std::make_unique<Memory>(program)) {}
Kernel::~Kernel() = default;
Kernel::Kernel(Kernel&&) noexcept = default;

State Kernel::make_state() const {
  State state;
  state.slots.resize(program_.slots.size());
  return state;
}

namespace {

bool is_before(const State& state, std::size_t i, const Arrival& arrival) {
  if (state.times_us[i] != arrival.time_us) return state.times_us[i] < arrival.time_us;
  if (!state.created_us.empty() && state.created_us[i] != arrival.created_us) {
    return state.created_us[i] < arrival.created_us;
  }
  return !state.tie_breaks.empty() && state.tie_breaks[i] < arrival.tie_break;
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

// The event with the id of `arrival`, or kNone.
std::size_t find_id(State& state, const Arrival& arrival) {
  const std::size_t hash = std::hash<std::string>()(arrival.tie_break);
  if (state.events() >= kIndexFrom) {
    if (state.id_hashes.empty()) {
      for (const std::string& known : state.tie_breaks) {
        state.id_hashes.insert(std::hash<std::string>()(known));
      }
    }
    if (state.id_hashes.insert(hash).second) return kNone;
  }
  const auto found = std::find(state.tie_breaks.begin(), state.tie_breaks.end(), arrival.tie_break);
  return found == state.tie_breaks.end()
             ? kNone
             : static_cast<std::size_t>(found - state.tie_breaks.begin());
}

}  // namespace

bool Kernel::update(State& state, const Event& event) {
  Memory& memory = *memory_;
  memory.inputs.assign(event.inputs.begin(), event.inputs.end());
  for (Value& input : memory.inputs) {
    if (program_.nan_is_null && input.is_number() && std::isnan(input.number())) input = Value();
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
    if (value.is_number()) value = Value::of_number(canonical(value.number()));
    memory.slot_values[i] = value;
  }
  if (arrival.has_id && !make_room_for_id(state, arrival)) return false;
  insert(state, arrival);
  return true;
}

// Of two events with one id the first in order stays; between equal places, the one whose values
// sort first. Returns false if that is the one in the state.
bool Kernel::make_room_for_id(State& state, const Arrival& arrival) const {
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

namespace {

std::size_t first_after(const std::vector<std::int64_t>& times, std::int64_t time) {
  return static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), time) -
                                  times.begin());
}
std::size_t first_at(const std::vector<std::int64_t>& times, std::int64_t time) {
  return static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), time) -
                                  times.begin());
}

// The latest event that a read sees, or kNone.
std::size_t latest_event(const Program& program, const State& state, std::int64_t time_us) {
  for (std::size_t i = first_after(state.times_us, time_us); i > 0; --i) {
    if (!program.as_of_created || KeptWindow::was_created(state.created_us[i - 1], time_us)) {
      return i - 1;
    }
  }
  return kNone;
}

Value read_cell(const Program& program, const Cell& cell, const State& state,
                const std::vector<SlotView>& views, std::size_t latest, std::int64_t time_us,
                ReadMemory& memory) {
  if (cell.aggregate == nullptr) return latest == kNone ? Value() : views[cell.slot].at(latest);
  const WindowEnds ends = ends_of(program.windows[cell.window], time_us);
  KeptWindow window;
  window.parameters = &cell.parameters;
  window.times_us = state.times_us.data();
  const bool is_closed_open = program.windows[cell.window].is_closed_open;
  window.begin = is_closed_open ? first_at(state.times_us, ends.low_us)
                                : first_after(state.times_us, ends.low_us);
  window.end = is_closed_open ? first_at(state.times_us, ends.high_us)
                              : first_after(state.times_us, ends.high_us);
  if (cell.slot != kNone) window.values = &views[cell.slot];
  if (cell.filter != kNone) window.filter = &views[cell.filter];
  if (program.as_of_created) window.created_us = state.created_us.data();
  window.created_limit_us = time_us;
  return cell.aggregate->read(window, memory);
}

// What a value becomes in a column of the declared type.
Value declared(const Value& value, Kind kind) {
  if (value.is_null()) return value;
  if (kind == Kind::kDouble && value.is_integer()) {
    return Value::of_number(static_cast<double>(value.integer()));
  }
  if (value.is_number()) return Value::of_number(canonical(value.number()));
  return value;
}

}  // namespace

Row Kernel::read_now(const State& state, std::int64_t time_us) {
  Memory& memory = *memory_;
  Row row;
  const std::size_t features = program_.outputs.size();
  row.statuses.assign(features, Status::kPresent);
  const std::size_t latest = latest_event(program_, state, time_us);
  const Status status =
      status_of(program_, latest == kNone ? nullptr : &state.times_us[latest], time_us);
  if (latest != kNone) row.latest_event_us = state.times_us[latest];
  if (is_null_row(program_, status)) {
    row.values.resize(features);
    row.statuses.assign(features, status);
    return row;
  }
  memory.views.clear();
  memory.read.overflows = 0;
  memory.read.values.clear();
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    memory.views.push_back(view_of(state.slots[i], program_.slots[i].kind));
  }
  std::vector<Value> cells;
  for (const Cell& cell : program_.cells) {
    cells.push_back(read_cell(program_, cell, state, memory.views, latest, time_us, memory.read));
  }
  row.overflows = memory.read.overflows;
  row.values.resize(features);
  for (const std::size_t cell : program_.row_cells) row.values.push_back(cells[cell]);
  for (const std::size_t index : program_.evaluation_order) {
    const Output& output = program_.outputs[index];
    const Value value = output.expression
                            ? output.expression->evaluate(row.values, memory.output_scratch[index])
                            : cells[output.cell];
    row.values[index] = declared(value, output.field.type.kind);
    if (status == Status::kNotFound) {
      row.statuses[index] = status;
    } else if (value.is_null()) {
      row.statuses[index] = Status::kNullValue;
    }
  }
  row.values.resize(features);
  // The caller may drop the state before it looks at the row.
  memory.row.clear();
  for (Value& value : row.values) value = memory.row.keep(value);
  return row;
}

Result<Row> Kernel::read(const State& state, std::int64_t time_us) {
  if (time_us < state.oldest_read_us) {
    return fail(ErrorCode::kOutsideHistory,
                "cannot read view " + program_.view + " as of " + format_timestamp(time_us) +
                    ": its state reaches back to " + format_timestamp(state.oldest_read_us));
  }
  return read_now(state, time_us);
}

Result<Row> Kernel::read_with_event(const State& state, const Event& event, std::int64_t time_us) {
  State copy = state;
  update(copy, event);
  return read(copy, time_us);
}

Row Kernel::read_unknown() {
  return read_now(make_state(), 0);
}

void Kernel::trim(State& state, std::int64_t oldest_read_us) const {
  if (oldest_read_us <= state.oldest_read_us) return;
  state.oldest_read_us = oldest_read_us;
  // A closed-open window still sees the event at its lower end, hence first_at.
  std::size_t keep_from = first_at(state.times_us, earlier(oldest_read_us, program_.retention_us));
  // The latest row of the oldest read, however old it is.
  const std::size_t latest = latest_event(program_, state, oldest_read_us);
  keep_from = std::min(keep_from, latest == kNone ? 0 : latest);
  if (keep_from == 0) return;
  erase_events(state, 0, keep_from);
  state.id_hashes.clear();
}

}  // namespace rtml::feature
