// read(): the value of every cell from events and accumulators, then the outputs from the cells.

#include <algorithm>
#include <optional>

#include "core/base/time.h"
#include "core/feature/aggregate.h"
#include "core/feature/events.h"
#include "core/feature/exact_sum.h"
#include "core/feature/kernel.h"
#include "core/feature/kernel_memory.h"
#include "core/feature/packed_list.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// Where the events of a window stand: [begin, end).
struct EventRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The session that a window names at `time_us`. Nothing if the state does not know it.
std::optional<EventRange> find_session(const Window& window, const std::vector<std::int64_t>& times,
                                       std::int64_t start_us, std::int64_t time_us) {
  if (start_us == State::kUnknownSession) return std::nullopt;
  const std::size_t end = first_after(times, time_us);
  const std::size_t first = first_after(times, earlier(start_us, 1));
  const bool is_complete = start_us == kBeforeAllTime;
  if (first >= end && !is_complete) {
    // What was before `start_us` is over then, and nothing has come since.
    if (window.is_over || time_us < start_us) return std::nullopt;
    return EventRange{};
  }
  SessionCutter cutter(window);
  EventRange open{end, end};
  EventRange over{end, end};
  bool has_over = false;
  for (std::size_t i = std::min(first, end); i < end; ++i) {
    if (!cutter.next(times[i])) continue;
    has_over = has_over || open.begin < end;
    over = {open.begin, i};
    open.begin = i;
  }
  if (cutter.is_over_at(time_us)) {
    has_over = has_over || open.begin < end;
    over = open;
    open = {end, end};
  }
  if (!window.is_over) return open;
  if (has_over) return over;
  if (!is_complete) return std::nullopt;
  return EventRange{};
}

// What the cells of one read share.
struct Reading {
  const Program& program;
  const State& events;  // Whose events and starts of sessions are read.
  const State& kept;    // Whose folds are.
  std::int64_t time_us;
  std::size_t latest;
  const std::vector<SlotView>& views;
  ReadMemory& memory;
  bool is_session_unknown = false;
};

KeptWindow window_of(const Cell& cell, const Reading& reading) {
  KeptWindow window;
  window.parameters = &cell.parameters;
  window.times_us = reading.events.times_us.data();
  if (cell.slot != kNone) window.values = &reading.views[cell.slot];
  if (cell.filter != kNone) window.filter = &reading.views[cell.filter];
  if (reading.program.as_of_created) window.created_us = reading.events.created_us.data();
  window.created_limit_us = reading.time_us;
  return window;
}

// Reads cells of one fold: its buckets, and the events that are not folded yet. What has been added
// when the pass reaches the beginning of a window is that window.
class FoldReader {
 public:
  FoldReader(const FoldPass& pass, Reading& reading)
      : pass_(pass),
        reading_(reading),
        fold_(reading.program.folds[pass.fold]),
        buckets_(reading.kept.folds[pass.fold]),
        sum_(make_accumulator(reading.program, fold_)),
        first_event_(first_after(reading.events.times_us, reading.kept.folded_until_us)) {}

  void read(std::vector<Value>& cells) {
    bool is_started = false;
    for (const std::size_t index : pass_.cells) {
      const Cell& cell = reading_.program.cells[index];
      const WindowEnds ends = ends_of(reading_.program.windows[cell.window], reading_.time_us);
      if (!ends.is_empty()) {
        const BucketRange range = range_of(fold_.buckets, ends);
        if (!is_started) start(range.last, ends.high_us);
        is_started = true;
        add_buckets(range.first);
        add_events(window_of(cell, reading_), ends.low_us);
      }
      cells[index] = sum_->read(reading_.memory);
    }
  }

 private:
  void start(std::int64_t last_bucket, std::int64_t high_us) {
    bucket_ = static_cast<std::size_t>(
        std::upper_bound(
            buckets_.begin(), buckets_.end(), last_bucket,
            [](std::int64_t index, const FoldedBucket& bucket) { return index < bucket.index; }) -
        buckets_.begin());
    event_ = first_after(reading_.events.times_us, high_us);
  }

  void add_buckets(std::int64_t first) {
    while (bucket_ > 0 && buckets_[bucket_ - 1].index >= first) {
      sum_->merge(*buckets_[--bucket_].accumulator);
    }
  }

  void add_events(const KeptWindow& window, std::int64_t low_us) {
    const State& events = reading_.events;
    while (event_ > first_event_ && events.times_us[event_ - 1] > low_us) {
      --event_;
      if (!window.takes(event_)) continue;
      sum_->add(window.values == nullptr ? Value() : window.values->at(event_),
                place_of(events, event_));
    }
  }

  const FoldPass& pass_;
  Reading& reading_;
  const Fold& fold_;
  const std::vector<FoldedBucket>& buckets_;
  const std::unique_ptr<Accumulator> sum_;
  const std::size_t first_event_;  // That is not folded.
  std::size_t bucket_ = 0;         // The last one added,
  std::size_t event_ = 0;          // and the last event.
};

Value read_cell(const Cell& cell, Reading& reading) {
  if (cell.aggregate == nullptr) {
    return reading.latest == kNone ? Value() : reading.views[cell.slot].at(reading.latest);
  }
  const Window& kind = reading.program.windows[cell.window];
  KeptWindow window = window_of(cell, reading);
  if (kind.is_session()) {
    const auto session =
        find_session(kind, reading.events.times_us, reading.events.session_starts_us[cell.window],
                     reading.time_us);
    if (!session) {
      reading.is_session_unknown = true;
      return {};
    }
    window.begin = session->begin;
    window.end = session->end;
    return cell.aggregate->read(window, reading.memory);
  }
  const WindowEnds ends = ends_of(kind, reading.time_us);
  window.begin = first_after(reading.events.times_us, ends.low_us);
  window.end = std::max(window.begin, first_after(reading.events.times_us, ends.high_us));
  return cell.aggregate->read(window, reading.memory);
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

std::size_t latest_event(const Program& program, const State& state, std::int64_t time_us) {
  for (std::size_t i = first_after(state.times_us, time_us); i > 0; --i) {
    if (!program.as_of_created || KeptWindow::was_created(state.created_us[i - 1], time_us)) {
      return i - 1;
    }
  }
  return kNone;
}

Result<Row> Kernel::read_now(const State& state, const State& kept, std::int64_t time_us) {
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
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    memory.views.push_back(view_of(state.slots[i], program_.slots[i].kind));
  }
  memory.cells.resize(program_.cells.size());
  memory.read.overflows = 0;
  memory.read.values.clear();
  const PassEvents events{state.times_us, memory.views, time_us};
  for (const ReadPass& pass : memory.plan.passes) {
    run_pass(pass, program_, events, memory.cells, memory.read);
  }
  Reading reading{program_, state, kept, time_us, latest, memory.views, memory.read};
  for (const std::size_t cell : memory.plan.others) {
    memory.cells[cell] = read_cell(program_.cells[cell], reading);
  }
  for (const FoldPass& pass : memory.plan.fold_passes) {
    if (kept.folded_until_us != State::kNotFolded) {
      FoldReader(pass, reading).read(memory.cells);
      continue;
    }
    for (const std::size_t cell : pass.cells) {
      memory.cells[cell] = read_cell(program_.cells[cell], reading);
    }
  }
  if (reading.is_session_unknown) {
    return fail(
        Error(ErrorCode::kOutsideHistory,
              "cannot read view " + program_.view + " as of " + format_timestamp(time_us) +
                  ": what several partitions have kept does not tell where the session began")
            .with_help("let the key of the entity choose the partition of its events"));
  }
  row.overflows = memory.read.overflows;
  finish_row(row, status);
  return row;
}

// Makes the outputs from the cells, in the order in which they need each other.
void Kernel::finish_row(Row& row, Status status) {
  Memory& memory = *memory_;
  for (const std::size_t cell : program_.packed_cells) {
    Value& value = memory.cells[cell];
    if (value.is_null()) continue;
    value = unpack_list(value.text(), program_.cells[cell].kind, memory.read.values);
  }
  row.values.reserve(program_.outputs.size() + program_.row_cells.size());
  row.values.resize(program_.outputs.size());
  for (const std::size_t cell : program_.row_cells) row.values.push_back(memory.cells[cell]);
  for (const std::size_t index : program_.evaluation_order) {
    const Output& output = program_.outputs[index];
    const Value value = output.expression
                            ? output.expression->evaluate(row.values, memory.output_scratch[index])
                            : memory.cells[output.cell];
    row.values[index] = declared(value, output.field.type.kind);
    if (status == Status::kNotFound) {
      row.statuses[index] = status;
    } else if (value.is_null()) {
      row.statuses[index] = Status::kNullValue;
    }
  }
  row.values.resize(program_.outputs.size());
  // The caller may drop the state before it looks at the row.
  memory.row.clear();
  for (Value& value : row.values) value = memory.row.keep(value);
}

rtml::Status Kernel::check_history(const State& state, std::int64_t time_us) const {
  if (time_us >= state.oldest_read_us) return {};
  return fail(ErrorCode::kOutsideHistory,
              "cannot read view " + program_.view + " as of " + format_timestamp(time_us) +
                  ": its state reaches back to " + format_timestamp(state.oldest_read_us));
}

Result<Row> Kernel::read(const State& state, std::int64_t time_us) {
  RTML_TRY(check_history(state, time_us));
  return read_now(state, state, time_us);
}

Row Kernel::read_unknown() {
  const State empty = make_state();
  return *read_now(empty, empty, 0);
}

}  // namespace rtml::feature
