#include "core/dataset/interval_rows.h"

#include <algorithm>

#include "core/dataset/event_choice.h"
#include "core/dataset/feature_join.h"

namespace rtml::dataset {

IntervalRows::IntervalRows(Materialized& made, const std::vector<TimeRange>& ranges,
                           const BuildContext& context)
    : made_(made),
      ranges_(ranges),
      context_(context),
      time_column_(*made.rows->schema()->find(kEventTimestamp)),
      file_(std::make_shared<SpillFile>(spill_directory(context))),
      got_(ranges.size(), 0) {}

// Of a schedule, whose rows are in order, it is not known how many there will be.
bool IntervalRows::is_complete(std::size_t range) const {
  if (is_ended_) return true;
  return made_.row_count ? got_[range] == made_.range_rows[range] : latest_ > range;
}

Result<std::optional<table::Batch>> IntervalRows::next(std::size_t range) {
  current_ = range;
  while (true) {
    if (const auto waiting = waiting_.find(range); waiting != waiting_.end()) {
      RTML_TRY_ASSIGN(std::optional<table::Batch> batch, waiting->second.next());
      if (batch) return batch;
      waiting_.erase(waiting);
    }
    if (!ready_.empty()) {
      table::Batch batch = std::move(ready_.front());
      ready_.pop_front();
      return batch;
    }
    if (is_complete(range)) return std::nullopt;
    RTML_TRY(pull());
  }
}

Status IntervalRows::pull() {
  RTML_TRY(context_.cancel.check());
  RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, made_.rows->next());
  if (!batch) {
    is_ended_ = true;
    return {};
  }
  const auto times = batch->column(time_column_).values<std::int64_t>();
  std::vector<std::size_t> ranges(times.size());
  for (std::size_t row = 0; row < times.size(); ++row) {
    const bool is_same = row > 0 && ranges_[ranges[row - 1]].contains(times[row]);
    ranges[row] =
        is_same ? ranges[row - 1] : static_cast<std::size_t>(range_of(ranges_, times[row]));
  }
  if (std::is_sorted(ranges.begin(), ranges.end())) {
    for (std::size_t begin = 0; begin < ranges.size();) {
      const std::size_t end = static_cast<std::size_t>(
          std::upper_bound(ranges.begin() + begin, ranges.end(), ranges[begin]) - ranges.begin());
      RTML_TRY(keep(ranges[begin], batch->slice(static_cast<std::int64_t>(begin),
                                                static_cast<std::int64_t>(end - begin))));
      begin = end;
    }
    return {};
  }
  std::map<std::size_t, std::vector<std::int64_t>> rows;
  for (std::size_t row = 0; row < ranges.size(); ++row) {
    rows[ranges[row]].push_back(static_cast<std::int64_t>(row));
  }
  for (const auto& [range, of_range] : rows) RTML_TRY(keep(range, batch->take(of_range)));
  return {};
}

Status IntervalRows::keep(std::size_t range, table::Batch rows) {
  got_[range] += rows.rows();
  latest_ = std::max(latest_, range);
  if (range == current_) {
    ready_.push_back(std::move(rows));
    return {};
  }
  KeptRows& waiting = waiting_.try_emplace(range, file_).first->second;
  if (is_spilling_) RTML_TRY(waiting.spill());
  RTML_TRY(waiting.add(rows));
  if (context_.memory_limit_bytes <= 0 || is_spilling_) return {};
  std::int64_t bytes = 0;
  for (const auto& [other, kept] : waiting_) bytes += kept.memory_bytes();
  if (bytes < context_.memory_limit_bytes / 8) return {};
  is_spilling_ = true;
  for (auto& [other, kept] : waiting_) RTML_TRY(kept.spill());
  return {};
}

}  // namespace rtml::dataset
