#include "core/feature/latest_rows.h"

#include <algorithm>
#include <bit>
#include <future>
#include <limits>
#include <optional>

#include "core/feature/exact_sum.h"
#include "core/feature/read.h"
#include "core/feature/sweep_columns.h"
#include "core/feature/sweep_order.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::Kind;

// What stands for an event where a read has none: its values are null, or its whole row is.
constexpr std::uint32_t kNoEvent = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kNullRow = kNoEvent - 1;

// Whether ids rise from batch to batch and row to row: then none is there twice.
class RisingIds {
 public:
  bool add(const Column& id) {
    if (id.null_count() > 0 || !table::is_integer(id.type())) return false;
    for (std::int64_t row = 0; row < id.length(); ++row) {
      const std::int64_t next = id.integer_at(row);
      if (last_ && *last_ >= next) return false;
      last_ = next;
    }
    return true;
  }

 private:
  std::optional<std::int64_t> last_;
};

}  // namespace

bool LatestRows::serves(const Program& program) {
  return !program.as_of_created &&
         std::all_of(program.cells.begin(), program.cells.end(),
                     [](const Cell& cell) { return cell.aggregate == nullptr; });
}

rtml::Status LatestRows::compute(const std::vector<EventColumns>& events, std::size_t read_batches,
                                 const Reads& reads, const SweepOptions& options) {
  if (events.empty() || read_batches == 0) return {};
  std::int64_t most_rows = 1;
  for (const EventColumns& batch : events) most_rows = std::max(most_rows, batch.rows);
  shift_ = std::bit_width(static_cast<std::uint64_t>(most_rows - 1));
  if ((events.size() << shift_) >= kNullRow) return {};
  const ReadColumns first_reads = reads(0);
  for (const EventColumns& batch : events) RTML_TRY(check_columns(program_, batch, first_reads));
  if (!are_in_order(events)) return {};

  EntityIndex index(program_);
  for (const EventColumns& batch : events) {
    entities_.push_back(index.add(batch.keys, batch.rows));
  }
  RTML_TRY_ASSIGN(const bool is_placed, place_reads(events, read_batches, reads, index, options));
  entities_ = {};
  if (!is_placed) {
    latest_ = {};
    return {};
  }
  for (const EventColumns& batch : events) {
    EventColumns clean = batch;
    if (program_.nan_is_null) {
      for (Column& input : clean.inputs) input = table::null_where_nan(input);
    }
    slots_.push_back(slot_columns(program_, clean));
  }
  can_answer_ = true;
  return {};
}

bool LatestRows::are_in_order(const std::vector<EventColumns>& events) const {
  RisingIds ids;
  std::int64_t last_us = std::numeric_limits<std::int64_t>::min();
  for (const EventColumns& batch : events) {
    if (batch.id && !ids.add(*batch.id)) return false;
    for (const std::int64_t time_us : batch.time.values<std::int64_t>()) {
      if (time_us < last_us) return false;
      last_us = time_us;
    }
  }
  return true;
}

Result<bool> LatestRows::place_reads(const std::vector<EventColumns>& events,
                                     std::size_t read_batches, const Reads& reads,
                                     const EntityIndex& index, const SweepOptions& options) {
  std::vector<std::uint32_t> latest(static_cast<std::size_t>(index.size()), kNoEvent);
  std::vector<std::int64_t> latest_us(latest.size(), 0);
  std::size_t batch = 0;
  std::int64_t row = 0;
  bool has_ties = false;
  // Brings `latest` up to a moment.
  const auto advance = [&](std::int64_t time_us) {
    while (batch < events.size()) {
      const std::int64_t* const times = events[batch].time.values<std::int64_t>().data();
      const std::int32_t* const entities = entities_[batch].data();
      const std::int64_t rows = events[batch].rows;
      const auto first = static_cast<std::uint32_t>(batch << shift_);
      for (; row < rows && times[row] <= time_us; ++row) {
        const std::int32_t entity = entities[row];
        if (entity < 0) continue;
        has_ties = has_ties || (latest[entity] != kNoEvent && latest_us[entity] == times[row]);
        latest[entity] = first + static_cast<std::uint32_t>(row);
        latest_us[entity] = times[row];
      }
      if (row < rows) return;
      ++batch;
      row = 0;
    }
  };
  // The entities of the next batch are looked up while this one is placed.
  struct Asked {
    ReadColumns read;
    std::vector<std::int32_t> entities;
  };
  const auto ask = [&](std::size_t i) -> Result<Asked> {
    ReadColumns read = reads(i);
    RTML_TRY(check_columns(program_, events.front(), read));
    std::vector<std::int32_t> entities = index.find(read.keys, read.rows);
    return Asked{std::move(read), std::move(entities)};
  };
  const auto policy = options.threads > 1 ? std::launch::async : std::launch::deferred;
  std::future<Result<Asked>> ahead = std::async(policy, ask, std::size_t{0});
  std::int64_t last_us = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < read_batches; ++i) {
    if (options.cancel != nullptr) RTML_TRY(options.cancel->check());
    RTML_TRY_ASSIGN(const Asked asked, ahead.get());
    if (i + 1 < read_batches) ahead = std::async(policy, ask, i + 1);
    const std::int64_t* const times = asked.read.time.values<std::int64_t>().data();
    for (std::int64_t r = 0; r < asked.read.rows; ++r) {
      if (times[r] < last_us) return false;
      last_us = times[r];
      advance(times[r]);
      latest_.push_back(place_of(asked.entities[r], times[r], latest, latest_us));
    }
    if (has_ties) return false;
  }
  return true;
}

std::uint32_t LatestRows::place_of(std::int32_t entity, std::int64_t time_us,
                                   const std::vector<std::uint32_t>& latest,
                                   const std::vector<std::int64_t>& latest_us) const {
  if (entity == EntityIndex::kNullKey) return kNullRow;
  const bool is_known = entity >= 0 && latest[entity] != kNoEvent;
  const Status status = status_of(program_, is_known ? &latest_us[entity] : nullptr, time_us);
  if (is_null_row(program_, status)) return kNullRow;
  return is_known ? latest[entity] : kNoEvent;
}

template <typename ValuesOf, typename Take>
bool LatestRows::each_value(const Cell& cell, std::int64_t start, std::int64_t count,
                            CellValues& values, const ValuesOf& values_of, const Take& take) const {
  std::vector<decltype(values_of(slots_.front().front()))> sources;
  bool may_be_null = false;
  for (const std::vector<Column>& batch : slots_) {
    sources.push_back(values_of(batch[cell.slot]));
    may_be_null = may_be_null || batch[cell.slot].null_count() > 0;
  }
  const std::uint32_t* const events = latest_.data() + start;
  const std::uint32_t row_mask = (std::uint32_t{1} << shift_) - 1;
  bool has_nulls = false;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t event = events[i];
    const std::uint32_t row = event & row_mask;
    if (event >= kNullRow || (may_be_null && slots_[event >> shift_][cell.slot].is_null(row))) {
      values.valid[i] = 0;
      has_nulls = true;
    } else {
      take(i, sources[event >> shift_], row);
    }
  }
  return has_nulls;
}

Column LatestRows::gather(const Cell& cell, std::int64_t start, std::int64_t count) const {
  CellValues values;
  const auto size = static_cast<std::size_t>(count);
  values.valid.resize(size, 1);
  const auto each = [&](const auto& values_of, const auto& take) {
    return each_value(cell, start, count, values, values_of, take);
  };
  const auto whole = [](const Column& column) { return &column; };
  bool has_nulls = false;
  const Kind kind = cell.kept_type().kind;
  if (is_text(kind)) {
    values.views.resize(size);
    has_nulls = each(whole, [&](std::int64_t i, const Column* column, std::uint32_t row) {
      values.views[i] = column->text_at(row);
    });
  } else if (kind == Kind::kDouble) {
    values.numbers.resize(size);
    has_nulls = each([](const Column& column) { return column.values<double>().data(); },
                     [&](std::int64_t i, const double* numbers, std::uint32_t row) {
                       values.numbers[i] = canonical(numbers[row]);
                     });
  } else {
    values.integers.resize(size);
    has_nulls = each(whole, [&](std::int64_t i, const Column* column, std::uint32_t row) {
      values.integers[i] = column->integer_at(row);
    });
  }
  return cell_column(cell, std::move(values), has_nulls);
}

std::vector<Column> LatestRows::features(std::int64_t start, std::int64_t count) const {
  std::vector<Column> cells;
  for (const Cell& cell : program_.cells) cells.push_back(gather(cell, start, count));
  std::vector<std::uint8_t> nulls;
  for (std::int64_t i = 0; i < count; ++i) {
    if (latest_[start + i] != kNullRow) continue;
    nulls.resize(static_cast<std::size_t>(count), 0);
    nulls[i] = 1;
  }
  return finish_outputs(program_, cells, count, nulls);
}

}  // namespace rtml::feature
