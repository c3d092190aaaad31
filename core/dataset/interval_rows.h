// Rows that come in one stream, given out interval by interval.
//
// Where rows come in the order of time, hardly any are held. Rows of later intervals wait, packed,
// and beyond a part of the memory limit in a file. Used by one thread.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/dataset/kept_rows.h"
#include "core/dataset/materialize.h"
#include "core/dataset/time_range.h"

namespace rtml::dataset {

class IntervalRows {
 public:
  // Every row of `made` lies in one of the ranges. Both must outlive the object.
  IntervalRows(Materialized& made, const std::vector<TimeRange>& ranges,
               const BuildContext& context);

  // The next rows of a range, or nothing when there are no more. REQUIRES: ranges are asked for one
  // after the other, each to its end.
  Result<std::optional<table::Batch>> next(std::size_t range);

 private:
  Status pull();
  Status keep(std::size_t range, table::Batch rows);
  bool is_complete(std::size_t range) const;

  Materialized& made_;
  const std::vector<TimeRange>& ranges_;
  const BuildContext& context_;
  std::size_t time_column_ = 0;
  std::shared_ptr<SpillFile> file_;
  std::map<std::size_t, KeptRows> waiting_;
  std::deque<table::Batch> ready_;  // Of the current range, behind those waiting.
  std::size_t current_ = 0;
  std::vector<std::int64_t> got_;  // Rows, by range.
  std::size_t latest_ = 0;         // The last range of which a row has come.
  bool is_ended_ = false;
  bool is_spilling_ = false;
};

}  // namespace rtml::dataset
