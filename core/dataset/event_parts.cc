#include "core/dataset/event_parts.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/dataset/column_bytes.h"
#include "core/dataset/event_layout.h"

namespace rtml::dataset {
namespace {

using table::Column;

// A part of so many events stays in the second-level cache.
constexpr std::int64_t kPartRows = 16'384;
// The parts of events that are too many to wait, and of those that go into a file: one of them a
// thread has to fit into memory.
constexpr std::size_t kManyParts = 128;
constexpr std::size_t kSpilledParts = 512;
constexpr std::int64_t kMostWaitingRows = 16 * kPartRows;

}  // namespace

EventParts::EventParts(const feature::Program& program, const JoinLimits& limits)
    : program_(program), limits_(limits), file_(limits.spill_directory) {}

Status EventParts::add(const feature::EventColumns& events) {
  if (events.rows == 0) return {};
  events_without_key_ += rows_without_key(events.keys, events.rows);
  rows_ += events.rows;
  waiting_rows_ += events.rows;
  waiting_.push_back(events);
  if (part_count_ == 0 && waiting_rows_ < kMostWaitingRows) return {};
  if (part_count_ == 0) part_count_ = program_.keys.empty() ? 1 : kManyParts;
  return deal();
}

Status EventParts::finish() {
  if (part_count_ == 0) {
    const std::int64_t wanted = program_.keys.empty() ? 1 : waiting_rows_ / kPartRows;
    part_count_ = static_cast<std::size_t>(std::max<std::int64_t>(wanted, 1));
  }
  return deal();
}

Status EventParts::deal() {
  if (waiting_.empty()) return {};
  if (parts_ == nullptr) {
    parts_ = std::make_unique<EntityParts>(part_count_, types_of(columns_of(waiting_.front())));
  }
  const std::size_t first = parts_->batches();
  parts_->expect(waiting_.size());
  RTML_TRY(
      run_parallel(limits_.threads, waiting_.size(), limits_.cancel, [&](std::size_t i) -> Status {
        const feature::EventColumns& events = waiting_[i];
        parts_->deal(first + i, columns_of(events),
                     parts_of(events.keys, events.rows, part_count_));
        waiting_[i] = {};
        return {};
      }));
  waiting_.clear();
  waiting_rows_ = 0;
  if (is_spilling_) RTML_TRY(parts_->spill(file_));
  return {};
}

Result<feature::EventColumns> EventParts::load(std::size_t part) const {
  if (parts_ == nullptr) return events_of(program_, no_events(program_));
  RTML_TRY_ASSIGN(const std::vector<Column> columns, parts_->load(part, file_));
  return events_of(program_, columns);
}

std::int64_t EventParts::memory_bytes() const {
  std::int64_t bytes = parts_ == nullptr ? 0 : parts_->memory_bytes();
  for (const feature::EventColumns& events : waiting_) {
    for (const Column& column : columns_of(events)) bytes += dataset::memory_bytes(column);
  }
  return bytes;
}

Status EventParts::spill() {
  is_spilling_ = true;
  if (part_count_ == 0) part_count_ = program_.keys.empty() ? 1 : kSpilledParts;
  RTML_TRY(deal());
  if (parts_ != nullptr) RTML_TRY(parts_->spill(file_));
  return {};
}

}  // namespace rtml::dataset
