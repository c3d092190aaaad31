#include "core/feature/sweep.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/parallel.h"
#include "core/feature/aggregate.h"
#include "core/feature/exact_sum.h"
#include "core/feature/place_reads.h"
#include "core/feature/read.h"
#include "core/feature/sweep_block.h"
#include "core/feature/sweep_columns.h"
#include "core/feature/sweep_created.h"
#include "core/feature/sweep_order.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::DataType;
using table::Kind;
using table::Value;

// A block has this many events and reads, or is one entity. Its arrays stay in the second-level
// cache, and there are enough of them for several threads.
constexpr std::int64_t kBlockRows = 8'192;

void resize(CellValues& values, DataType type, std::size_t size) {
  const Kind kind = type.kind;
  values.valid.resize(size);
  if (type.is_list) {
    values.lists.resize(size);
  } else if (kind == Kind::kDouble) {
    values.numbers.resize(size);
  } else if (is_text(kind)) {
    values.views.resize(size);
  } else {
    values.integers.resize(size);
  }
}

// Whole entities, [begin, end).
struct Block {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Block> make_blocks(const Grouped& events, const Grouped& reads) {
  std::vector<Block> blocks;
  const std::size_t entities = reads.begins.size() - 1;
  Block block;
  std::int64_t rows = 0;
  for (std::size_t e = 0; e < entities; ++e) {
    rows += reads.begins[e + 1] - reads.begins[e];
    if (e + 1 < events.begins.size()) rows += events.begins[e + 1] - events.begins[e];
    block.end = e + 1;
    if (rows < kBlockRows && e + 1 < entities) continue;
    blocks.push_back(block);
    block.begin = e + 1;
    rows = 0;
  }
  return blocks;
}

// Of more rows than the second-level cache holds each line of a column would be fetched once for
// every entity that has a row in it; so these are put in order beforehand, in one pass over the
// rows.
constexpr std::int64_t kManyRows = 65'536;

// The values of events in the order of `Grouped`, or nothing where the column is better read where
// it is.
std::optional<Column> in_group_order(const Column& column, const Grouped& grouped) {
  const Kind kind = column.type().kind;
  const bool is_integer = kind == Kind::kInt64 || kind == Kind::kTimestamp;
  if (column.length() < kManyRows || column.null_count() > 0 || column.type().is_list ||
      !(is_integer || kind == Kind::kDouble)) {
    return std::nullopt;
  }
  CellValues values;
  const std::size_t size = grouped.rows.size();
  values.valid.resize(size, 1);
  const auto put = [&](const auto& source, auto& target) {
    target.resize(size);
    for (std::size_t row = 0; row < grouped.places.size(); ++row) {
      if (grouped.places[row] != Grouped::kNowhere) target[grouped.places[row]] = source[row];
    }
  };
  if (is_integer) {
    put(column.values<std::int64_t>(), values.integers);
  } else {
    put(column.values<double>(), values.numbers);
  }
  return to_column(std::move(values), column.type(), false);
}

// What all blocks read and where they write: disjoint parts, since everything is in the order of
// OrderedReads until the end. Written to their rows at once, values would go to a different line of
// memory each.
struct Job {
  const Program& program;
  const EventColumns& events;
  const ReadColumns& reads;
  std::vector<Column> slots;
  OrderedEvents ordered_events;
  OrderedReads ordered_reads;
  // Of `slots`, and of the events' times: in_group_order().
  std::vector<std::optional<Column>> grouped_slots;
  std::optional<Column> grouped_times;
  std::vector<CellValues> cells;        // One value a read.
  std::vector<std::uint8_t> has_nulls;  // Of the cells.
  std::vector<Status> statuses;
  std::vector<std::int64_t> latest_event_us;
  std::vector<ReadMemory> memories;  // Of the threads: lists of cells live there.
};

// The memory of one thread, used for block after block.
class BlockSweep {
 public:
  explicit BlockSweep(Job& job)
      : job_(job),
        program_(job.program),
        places_(program_, !job.statuses.empty()),
        slots_(program_.slots.size()),
        has_nulls_(program_.cells.size(), false) {}

  void run(const Block& block) {
    gather_rows(block);
    if (read_rows_.empty()) return;
    gather_slots();
    place_reads(block);
    for (std::size_t c = 0; c < program_.cells.size(); ++c) sweep_cell(program_.cells[c], c);
  }

  // Gives up the memory of the lists that the results have.
  ReadMemory take_memory() { return std::move(memory_); }
  // Whether the results of a cell have nulls.
  bool has_nulls(std::size_t cell) const { return has_nulls_[cell]; }

 private:
  // Values of a slot for the block's events.
  struct SlotMemory {
    CellValues values;
    SlotView view;
  };

  void gather_rows(const Block& block) {
    const Grouped& events = job_.ordered_events.grouped;
    const Grouped& reads = job_.ordered_reads.grouped;
    const auto events_begin = events.begins[std::min(block.begin, events.begins.size() - 1)];
    const auto events_end = events.begins[std::min(block.end, events.begins.size() - 1)];
    first_event_ = static_cast<std::size_t>(events_begin);
    event_rows_ = std::span(events.rows)
                      .subspan(first_event_, static_cast<std::size_t>(events_end - events_begin));
    first_read_ = static_cast<std::size_t>(reads.begins[block.begin]);
    read_rows_ =
        std::span(reads.rows)
            .subspan(first_read_, static_cast<std::size_t>(reads.begins[block.end]) - first_read_);
    prefixes_.clear();
    times_.resize(event_rows_.size());
    if (job_.grouped_times) {
      const auto times = job_.grouped_times->values<std::int64_t>();
      std::copy_n(times.begin() + first_event_, times_.size(), times_.begin());
    } else {
      const auto times = job_.events.time.values<std::int64_t>();
      for (std::size_t i = 0; i < times_.size(); ++i) times_[i] = times[event_rows_[i]];
    }
    read_times_ = times_;
    if (!job_.ordered_reads.are_events) {
      own_read_times_.resize(read_rows_.size());
      const auto read_times = job_.reads.time.values<std::int64_t>();
      for (std::size_t i = 0; i < own_read_times_.size(); ++i) {
        own_read_times_[i] = read_times[read_rows_[i]];
      }
      read_times_ = own_read_times_;
    }
    if (!program_.as_of_created) return;
    created_us_.resize(event_rows_.size());
    const Column& created = *job_.events.created;
    for (std::size_t i = 0; i < created_us_.size(); ++i) {
      created_us_[i] =
          created.is_null(event_rows_[i]) ? State::kNoCreated : created.integer_at(event_rows_[i]);
    }
  }

  void gather_slots() {
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      const Kind kind = program_.slots[s].kind;
      CellValues& values = slots_[s].values;
      resize(values, {kind}, event_rows_.size());
      if (job_.grouped_slots[s]) {
        copy_slot(*job_.grouped_slots[s], values);
      } else {
        gather_slot(job_.slots[s], values);
      }
      slots_[s].view = {kind, values.valid.data(), nullptr, nullptr, nullptr, nullptr};
      if (kind == Kind::kDouble) {
        slots_[s].view.numbers = values.numbers.data();
      } else if (is_text(kind)) {
        slots_[s].view.views = values.views.data();
      } else {
        slots_[s].view.integers = values.integers.data();
      }
    }
  }

  // The same of a column in the order of groups.
  void copy_slot(const Column& column, CellValues& values) const {
    std::fill(values.valid.begin(), values.valid.end(), std::uint8_t{1});
    const std::size_t count = event_rows_.size();
    if (column.type().kind != Kind::kDouble) {
      const auto integers = column.values<std::int64_t>();
      std::copy_n(integers.begin() + first_event_, count, values.integers.begin());
      return;
    }
    const auto numbers = column.values<double>().subspan(first_event_, count);
    std::transform(numbers.begin(), numbers.end(), values.numbers.begin(),
                   [](double number) { return canonical(number); });
  }

  void gather_slot(const Column& column, CellValues& values) const {
    if (column.null_count() == 0) {
      std::fill(values.valid.begin(), values.valid.end(), std::uint8_t{1});
    } else {
      for (std::size_t i = 0; i < event_rows_.size(); ++i) {
        values.valid[i] = column.is_null(event_rows_[i]) ? 0 : 1;
      }
    }
    const auto gather = [&](auto& target, const auto& get) {
      for (std::size_t i = 0; i < event_rows_.size(); ++i) target[i] = get(event_rows_[i]);
    };
    switch (column.type().kind) {
      case Kind::kDouble: {
        const auto numbers = column.values<double>();
        return gather(values.numbers, [&](std::int64_t row) { return canonical(numbers[row]); });
      }
      case Kind::kString:
      case Kind::kBytes:
        return gather(values.views, [&](std::int64_t row) { return column.text_at(row); });
      case Kind::kInt64:
      case Kind::kTimestamp: {
        const auto integers = column.values<std::int64_t>();
        return gather(values.integers, [&](std::int64_t row) { return integers[row]; });
      }
      default:
        gather(values.integers, [&](std::int64_t row) { return column.integer_at(row); });
    }
  }

  BlockTimes block_times() const { return {times_, created_us_, read_times_}; }

  // Finds the events of every window and the latest one for each read, entity by entity.
  void place_reads(const Block& block) {
    places_.start_block(read_rows_.size());
    const BlockTimes times = block_times();
    entities_.clear();
    created_windows_.clear();
    const Grouped& events = job_.ordered_events.grouped;
    const Grouped& reads = job_.ordered_reads.grouped;
    EntityRange entity;
    for (std::size_t e = block.begin; e < block.end; ++e) {
      const bool has_events = e + 1 < events.begins.size();
      entity.first_event = entity.last_event;
      entity.last_event += has_events ? events.begins[e + 1] - events.begins[e] : 0;
      entity.first_read = entity.last_read;
      entity.last_read += reads.begins[e + 1] - reads.begins[e];
      if (entity.first_read == entity.last_read) continue;
      places_.place(times, entity);
      if (program_.as_of_created) entities_.push_back(entity);
    }
    if (!job_.statuses.empty()) tell_ages();
  }

  void tell_ages() {
    const std::vector<Position>& latest = places_.latest();
    for (std::size_t r = 0; r < read_rows_.size(); ++r) {
      const std::int64_t* latest_us = latest[r] < 0 ? nullptr : &times_[latest[r]];
      job_.statuses[first_read_ + r] = status_of(program_, latest_us, read_times_[r]);
      job_.latest_event_us[first_read_ + r] = latest_us == nullptr ? 0 : *latest_us;
    }
  }

  Prefix* prefix_of(const Cell& cell) {
    for (const auto& prefix : prefixes_) {
      if (prefix->slot == cell.slot && prefix->filter == cell.filter) return prefix.get();
    }
    prefixes_.push_back(std::make_unique<Prefix>());
    prefixes_.back()->slot = cell.slot;
    prefixes_.back()->filter = cell.filter;
    return prefixes_.back().get();
  }

  void sweep_cell(const Cell& cell, std::size_t index) {
    SweepTask task;
    task.events = event_rows_.size();
    task.reads = read_rows_.size();
    if (cell.slot != kNone) task.values = &slots_[cell.slot].view;
    if (cell.filter != kNone) task.filter = &slots_[cell.filter].view;
    task.times_us = times_.data();
    task.parameters = &cell.parameters;
    task.result = spans_of(job_.cells[index]);
    task.memory = &memory_;
    if (cell.aggregate == nullptr) {
      take_latest(task);
    } else {
      const CreatedWindow* const created =
          program_.as_of_created ? &created_window(cell.window) : nullptr;
      task.window = created == nullptr ? places_.window(cell.window) : created->reads();
      task.prefix = prefix_of(cell);
      cell.aggregate->sweep(task);
      if (created != nullptr) read_others(cell, task, *created);
    }
    if (std::memchr(task.result.valid.data(), 0, task.reads) != nullptr) has_nulls_[index] = true;
  }

  // The block's part of the values of a cell.
  CellSpans spans_of(CellValues& values) const {
    const auto part = [&](auto& all) {
      return all.empty() ? std::span(all) : std::span(all).subspan(first_read_, read_rows_.size());
    };
    return {part(values.valid), part(values.integers), part(values.numbers), part(values.views),
            part(values.lists)};
  }

  static void store(const CellSpans& result, std::size_t read, const Value& value) {
    result.valid[read] = value.is_null() ? 0 : 1;
    if (value.is_number()) {
      result.numbers[read] = canonical(value.number());
    } else if (value.is_text()) {
      result.views[read] = value.text();
    } else if (value.is_list()) {
      result.lists[read] = value;
    } else if (!value.is_null()) {
      result.integers[read] = value.integer();
    }
  }

  void take_latest(const SweepTask& task) {
    const std::vector<Position>& latest = places_.latest();
    for (std::size_t r = 0; r < task.reads; ++r) {
      store(task.result, r,
            latest[r] < 0 ? Value() : task.values->at(static_cast<std::size_t>(latest[r])));
    }
  }

  const CreatedWindow& created_window(std::size_t window) {
    if (created_windows_.empty()) created_windows_.resize(program_.windows.size());
    std::optional<CreatedWindow>& known = created_windows_[window];
    if (!known) known.emplace(places_.window(window), block_times(), entities_);
    return *known;
  }

  // Reads one by one the windows that do not slide.
  void read_others(const Cell& cell, const SweepTask& task, const CreatedWindow& created) {
    KeptWindow window;
    window.values = task.values;
    window.filter = task.filter;
    window.parameters = &cell.parameters;
    window.times_us = times_.data();
    const WindowReads whole = places_.window(cell.window);
    for (const Position other : created.others()) {
      const auto r = static_cast<std::size_t>(other);
      // What the sweep counted of the window in its place does not count.
      window.begin = static_cast<std::size_t>(task.window.lows[r]);
      window.end = static_cast<std::size_t>(task.window.highs[r]);
      window.created_us = nullptr;
      const std::int64_t before = memory_.overflows;
      static_cast<void>(cell.aggregate->read(window, memory_));
      memory_.overflows = before - (memory_.overflows - before);
      window.end = static_cast<std::size_t>(whole.highs[r]);
      window.created_us = created_us_.data();
      window.created_limit_us = read_times_[r];
      store(task.result, r, cell.aggregate->read(window, memory_));
    }
  }

  Job& job_;
  const Program& program_;
  std::span<const RowNumber> event_rows_;
  std::span<const RowNumber> read_rows_;
  std::size_t first_event_ = 0;  // Of the block, in the order of OrderedEvents.
  std::size_t first_read_ = 0;   // The same of OrderedReads.
  std::vector<std::int64_t> times_;
  std::vector<std::int64_t> created_us_;      // With as_of_created only.
  std::vector<std::int64_t> own_read_times_;  // Where the reads are not the events.
  std::span<const std::int64_t> read_times_;
  ReadPlaces places_;
  std::vector<SlotMemory> slots_;
  std::vector<std::unique_ptr<Prefix>> prefixes_;
  std::vector<EntityRange> entities_;  // With as_of_created only, and so are
  std::vector<std::optional<CreatedWindow>> created_windows_;
  std::vector<bool> has_nulls_;
  ReadMemory memory_;
};

// Runs the blocks on threads of their own. Which thread takes which block does not matter: a block
// is computed alone and its rows are written by nobody else.
rtml::Status run_blocks(Job& job, const SweepOptions& options, std::int64_t* overflows) {
  const std::vector<Block> blocks =
      make_blocks(job.ordered_events.grouped, job.ordered_reads.grouped);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  const auto work = [&] {
    BlockSweep sweep(job);
    while (options.cancel == nullptr || !options.cancel->is_set()) {
      const std::size_t block = next.fetch_add(1);
      if (block >= blocks.size()) break;
      sweep.run(blocks[block]);
    }
    const std::lock_guard lock(mutex);
    job.memories.push_back(sweep.take_memory());
    for (std::size_t c = 0; c < job.cells.size(); ++c) {
      if (sweep.has_nulls(c)) job.has_nulls[c] = 1;
    }
  };
  std::vector<std::thread> threads;
  const auto wanted = static_cast<std::size_t>(std::max(options.threads, 1));
  for (std::size_t i = 1; i < std::min(wanted, blocks.size()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  for (const ReadMemory& memory : job.memories) *overflows += memory.overflows;
  if (options.cancel != nullptr) return options.cancel->check();
  return {};
}

// The rows whose every value is null, or empty where there is none.
std::vector<std::uint8_t> null_rows(const Job& job) {
  std::vector<std::uint8_t> rows;
  const auto mark = [&](std::size_t row) {
    if (rows.empty()) rows.resize(static_cast<std::size_t>(job.reads.rows), 0);
    rows[row] = 1;
  };
  for (std::size_t row = 0; row < job.statuses.size(); ++row) {
    if (is_null_row(job.program, job.statuses[row])) mark(row);
  }
  for (const std::int64_t row : job.ordered_reads.without_key) mark(static_cast<std::size_t>(row));
  return rows;
}

// Values of the reads in the order of their rows; `missing` for those that stand nowhere. The reads
// of one entity stand close together in both orders, so that all of its values in a line of memory
// are taken before the line is needed for another's. `spare` is memory to use again, and is left.
template <typename Vector>
void put_in_row_order(const Job& job, Vector& values, Vector& spare,
                      typename Vector::value_type missing) {
  if (values.empty()) return;
  const std::vector<RowNumber>& places = job.ordered_reads.grouped.places;
  spare.resize(places.size());
  auto* const target = spare.data();
  const auto* const source = values.data();
  if (job.ordered_reads.without_key.empty()) {
    for (std::size_t row = 0; row < places.size(); ++row) target[row] = source[places[row]];
  } else {
    for (std::size_t row = 0; row < places.size(); ++row) {
      target[row] = places[row] == Grouped::kNowhere ? missing : source[places[row]];
    }
  }
  values.swap(spare);
}

void put_in_row_order(const Job& job, CellValues& values, CellValues& spare, bool has_nulls) {
  const auto rows = static_cast<std::size_t>(job.reads.rows);
  put_in_row_order(job, values.integers, spare.integers, 0);
  put_in_row_order(job, values.numbers, spare.numbers, 0.0);
  put_in_row_order(job, values.views, spare.views, {});
  put_in_row_order(job, values.lists, spare.lists, {});
  if (has_nulls) {
    put_in_row_order(job, values.valid, spare.valid, 1);
  } else if (job.ordered_reads.without_key.empty()) {
    values.valid.resize(rows);  // All of them are 1 and in their places.
  } else {
    values.valid.assign(rows, 1);
  }
}

std::vector<Column> cell_columns(Job& job, int threads) {
  std::vector<std::optional<Column>> columns(job.cells.size());
  std::vector<CellValues> spares;
  std::mutex mutex;
  const auto finish = [&](std::size_t c) -> rtml::Status {
    const Cell& cell = job.program.cells[c];
    CellValues spare;
    {
      const std::lock_guard lock(mutex);
      if (!spares.empty()) {
        spare = std::move(spares.back());
        spares.pop_back();
      }
    }
    put_in_row_order(job, job.cells[c], spare, job.has_nulls[c] != 0);
    columns[c] = cell_column(cell, std::move(job.cells[c]), job.has_nulls[c] != 0);
    const std::lock_guard lock(mutex);
    spares.push_back(std::move(spare));
    return {};
  };
  static_cast<void>(run_parallel(threads, columns.size(), nullptr, finish));
  std::vector<Column> cells;
  for (std::optional<Column>& column : columns) cells.push_back(std::move(*column));
  return cells;
}

}  // namespace

Result<SweepResult> sweep(const Program& program, const EventColumns& events,
                          const ReadColumns& reads, const SweepOptions& options) {
  RTML_TRY(check_columns(program, events, reads));
  EventColumns clean = events;
  if (program.nan_is_null) {
    for (Column& input : clean.inputs) input = table::null_where_nan(input);
  }
  std::vector<Column> slots = slot_columns(program, clean);
  EntityIndex index(program);
  OrderedEvents ordered_events = order_events(program, clean, slots, index);
  OrderedReads ordered_reads = order_reads(events, ordered_events, reads, index);
  Job job{.program = program,
          .events = clean,
          .reads = reads,
          .slots = std::move(slots),
          .ordered_events = std::move(ordered_events),
          .ordered_reads = std::move(ordered_reads)};
  job.grouped_times = in_group_order(clean.time, job.ordered_events.grouped);
  for (const Column& slot : job.slots) {
    job.grouped_slots.push_back(in_group_order(slot, job.ordered_events.grouped));
  }
  // One more than there are: that an array is empty says that nobody wants it.
  const std::size_t room = job.ordered_reads.grouped.rows.size() + 1;
  job.cells.resize(program.cells.size());
  job.has_nulls.resize(program.cells.size(), 0);
  for (std::size_t c = 0; c < program.cells.size(); ++c) {
    resize(job.cells[c], program.cells[c].kept_type(), room);
  }
  // Rows too old for the ttl are null, so that it takes their ages.
  if (options.tells_ages || program.ttl_us > 0) {
    job.statuses.resize(room);
    job.latest_event_us.resize(room);
  }
  SweepResult result;
  RTML_TRY(run_blocks(job, options, &result.overflows));
  std::vector<Status> spare_statuses;
  std::vector<std::int64_t> spare_times;
  put_in_row_order(job, job.statuses, spare_statuses, Status::kNotFound);
  put_in_row_order(job, job.latest_event_us, spare_times, 0);
  const std::vector<std::uint8_t> nulls = null_rows(job);
  result.features = finish_outputs(program, cell_columns(job, options.threads), reads.rows, nulls);
  result.statuses = std::move(job.statuses);
  result.latest_event_us = std::move(job.latest_event_us);
  result.duplicates = std::move(job.ordered_events.duplicates);
  result.events_without_key = job.ordered_events.without_key;
  return result;
}

}  // namespace rtml::feature
