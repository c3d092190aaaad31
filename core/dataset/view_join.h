// The features of one view for rows that ask, over events that come in batches.
//
// Events and rows are dealt into parts by entity, each part is swept alone (core/feature/sweep.h),
// and next() brings the results back into the order of the rows. What memory may not hold goes into
// a file. Used by one thread; compute() starts others.

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/result.h"
#include "core/dataset/entity_parts.h"
#include "core/dataset/packed_column.h"
#include "core/dataset/spill_file.h"
#include "core/feature/latest_rows.h"
#include "core/feature/program.h"
#include "core/feature/sweep.h"

namespace rtml::dataset {

struct JoinLimits {
  int threads = 1;                     // Results do not depend on it.
  const CancelFlag* cancel = nullptr;  // May be null.
  std::int64_t memory_bytes = 0;       // 0: no limit. What a join holds stays near half of it.
  std::filesystem::path spill_directory;
};

class ViewJoin {
 public:
  // `outputs` are the features wanted, as places in Program::outputs. With `asks_itself` every
  // event is also a row that asks for its own moment, or, where `is_masked`, those whose mask is
  // set. The program must outlive the join.
  ViewJoin(const feature::Program& program, std::vector<std::size_t> outputs, bool asks_itself,
           bool is_masked, const JoinLimits& limits);

  // The columns of the batch must outlive compute(). `mask` has a byte an event, or is empty.
  Status add_events(const feature::EventColumns& events, const std::vector<std::uint8_t>& mask);
  Status add_reads(const feature::ReadColumns& reads);

  // Fails as feature::sweep() does.
  Status compute();
  // The wanted features of the next `count` rows that asked. REQUIRES: compute(); there are as
  // many.
  Result<std::vector<table::Column>> next(std::int64_t count);

  // What the view holds in memory, and putting it aside. Before compute().
  std::int64_t memory_bytes() const;
  Status spill();

  std::int64_t events_without_key() const { return events_without_key_; }
  std::int64_t overflows() const { return overflows_; }
  std::int64_t spilled_bytes() const { return file_.size(); }

 private:
  // Rows of one side that are not dealt yet.
  struct Waiting {
    std::vector<table::Column> columns;
    std::int64_t rows = 0;
    std::vector<PackedColumn> packed;  // Instead of the columns, of rows that ask.
    std::vector<table::Column> unpacked() const;
  };
  // Some consecutive rows of a part's results.
  struct Page {
    std::vector<PackedColumn> columns;  // Empty: in the file.
    std::int64_t rows = 0;
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  struct PartResult {
    std::vector<Page> pages;
    bool is_open = false;
    std::size_t page = 0;  // That next() reads.
    std::int64_t row = 0;  // Of that page, the next one.
  };

  Status add(std::vector<Waiting>& waiting, Waiting batch);
  Status start_dealing(std::size_t part_count);
  Status deal_waiting();
  Status compute_latest(bool* is_done);
  Status compute_part(std::size_t part);
  Status keep_results(std::size_t part, const feature::SweepResult& result, std::int64_t rows);
  Status open_page(PartResult& result);
  std::vector<Part> take_parts(std::int64_t count);

  feature::ReadColumns read_columns(const std::vector<table::Column>& columns) const;

  const feature::Program& program_;
  std::vector<std::size_t> outputs_;
  bool asks_itself_;
  bool is_masked_;
  JoinLimits limits_;

  std::vector<Waiting> waiting_events_;
  std::vector<Waiting> waiting_reads_;
  std::int64_t waiting_rows_ = 0;
  std::size_t part_count_ = 0;  // 0: not chosen yet.
  std::unique_ptr<EntityParts> events_;
  std::unique_ptr<EntityParts> reads_;
  // The part of each row that asks, in their order.
  std::deque<std::vector<Part>> read_parts_;
  std::size_t parts_taken_ = 0;  // Of the first of them.

  std::unique_ptr<feature::LatestRows> latest_;
  std::vector<PartResult> results_;
  std::int64_t rows_given_ = 0;  // By next().
  SpillFile file_;
  bool is_spilling_ = false;
  std::int64_t events_without_key_ = 0;
  std::atomic<std::int64_t> overflows_ = 0;
};

}  // namespace rtml::dataset
