// Which events of a source ask for their features, batch after batch.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/dataset/time_range.h"
#include "core/table/column.h"

namespace rtml::dataset {

class EventChoice {
 public:
  // `ranges` ascend and do not overlap; none: all of time. `repeated` are the rows of the source,
  // ascending, that do not ask, because an earlier one has their id.
  EventChoice(std::span<const TimeRange> ranges, std::span<const std::int64_t> repeated)
      : ranges_(ranges), repeated_(repeated), range_rows_(ranges.size(), 0) {}

  bool takes_all() const { return ranges_.empty() && repeated_.empty(); }

  // A byte an event of the next batch; empty if all are taken.
  std::vector<std::uint8_t> mask_of(const table::Column& time);

  // How many events of each range were taken so far.
  const std::vector<std::int64_t>& range_rows() const { return range_rows_; }

 private:
  std::span<const TimeRange> ranges_;
  std::span<const std::int64_t> repeated_;
  std::vector<std::int64_t> range_rows_;
  std::size_t next_ = 0;
  std::int64_t first_row_ = 0;
};

// The range that a moment lies in, or -1.
std::int64_t range_of(std::span<const TimeRange> ranges, std::int64_t time_us);

}  // namespace rtml::dataset
