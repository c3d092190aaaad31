// The events of a source in memory: the columns that are asked for, their order, no event twice.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/dataset/point_in_time.h"
#include "core/dataset/source_table.h"
#include "core/table/batch.h"

namespace rtml::dataset {

struct Events {
  // Every row of the source, in its order, with the columns asked for by the names of the project.
  table::Batch rows;
  EventTimes times;
  // Rows in event order. Of events with one id the first in event order is here; null ids are all
  // different.
  std::vector<std::int64_t> order;
  std::int64_t duplicates = 0;  // Rows that are not in `order`.
};

// Reads the events of `table` with `columns`, and what their order needs. Shows progress as
// `activity`. Fails with kDataBadTimestamp for an event without a time, naming its row, and as
// SourceTable::scan() does.
Result<Events> read_events(const SourceTable& table, const std::set<std::string>& columns,
                           std::string_view activity, const BuildContext& context);

// The same from rows in memory that have the source's columns; `what` names them in errors.
Result<Events> order_events(const project::Source& source, table::Batch rows,
                            std::string_view what);

}  // namespace rtml::dataset
