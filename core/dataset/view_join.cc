#include "core/dataset/view_join.h"

#include <algorithm>
#include <string>

#include "core/base/parallel.h"
#include "core/dataset/column_bytes.h"
#include "core/dataset/event_layout.h"
#include "core/dataset/gathered_column.h"

namespace rtml::dataset {
namespace {

using feature::EventColumns;
using feature::ReadColumns;
using table::Column;
using table::ColumnBuilder;
using table::DataType;
using table::Kind;

// A part has about so many rows: its columns and results then stay in the second-level cache.
constexpr std::int64_t kPartRows = 16'384;
// The parts of rows that are more than may wait to be counted. Larger parts are still swept a block
// at a time; more of them are more places to write at once than the cache has lines for.
constexpr std::size_t kManyParts = 512;
constexpr std::int64_t kMostWaitingRows = 16 * kPartRows;
// The parts of what is put aside: one of them a thread has to fit into memory.
constexpr std::size_t kSpilledParts = 512;
// A page of results in a file: next() holds one of each part.
constexpr std::int64_t kPageRows = 2'048;

std::vector<Column> columns_of(const ReadColumns& reads) {
  std::vector<Column> columns = reads.keys;
  columns.push_back(reads.time);
  return columns;
}

Column mask_column(const std::vector<std::uint8_t>& mask) {
  ColumnBuilder builder({Kind::kBool});
  builder.reserve(static_cast<std::int64_t>(mask.size()));
  for (const std::uint8_t set : mask) builder.append_bool(set != 0);
  return builder.finish();
}

}  // namespace

ViewJoin::ViewJoin(const feature::Program& program, std::vector<std::size_t> outputs,
                   bool asks_itself, bool is_masked, const JoinLimits& limits)
    : program_(program),
      outputs_(std::move(outputs)),
      asks_itself_(asks_itself),
      is_masked_(is_masked),
      limits_(limits),
      file_(limits.spill_directory) {}

Status ViewJoin::add_events(const EventColumns& events, const std::vector<std::uint8_t>& mask) {
  events_without_key_ += rows_without_key(events.keys, events.rows);
  Waiting batch{columns_of(events), events.rows, {}};
  if (is_masked_) {
    batch.columns.push_back(mask_column(
        mask.empty() ? std::vector<std::uint8_t>(static_cast<std::size_t>(events.rows), 1) : mask));
  }
  return add(waiting_events_, std::move(batch));
}

Status ViewJoin::add_reads(const ReadColumns& reads) {
  Waiting batch{{}, reads.rows, {}};
  for (const Column& column : columns_of(reads)) batch.packed.emplace_back(column);
  return add(waiting_reads_, std::move(batch));
}

std::vector<Column> ViewJoin::Waiting::unpacked() const {
  std::vector<Column> all = columns;
  for (const PackedColumn& column : packed) all.push_back(column.unpack(0, rows));
  return all;
}

Status ViewJoin::add(std::vector<Waiting>& waiting, Waiting batch) {
  waiting_rows_ += batch.rows;
  waiting.push_back(std::move(batch));
  // Views without windows look rows up where they are; they are dealt only to be put aside.
  const bool stays = !asks_itself_ && feature::LatestRows::serves(program_);
  if (part_count_ == 0 && !stays && waiting_rows_ >= kMostWaitingRows) {
    RTML_TRY(start_dealing(kManyParts));
  }
  if (part_count_ > 0) RTML_TRY(deal_waiting());
  return {};
}

Status ViewJoin::start_dealing(std::size_t part_count) {
  part_count_ = program_.keys.empty() ? 1 : std::max<std::size_t>(part_count, 1);
  results_.resize(part_count_);
  return {};
}

Status ViewJoin::deal_waiting() {
  const std::size_t key_count = program_.keys.size();
  const auto deal = [&](std::vector<Waiting>& waiting, std::unique_ptr<EntityParts>& side,
                        bool asks) -> Status {
    if (waiting.empty()) return {};
    if (side == nullptr) {
      side = std::make_unique<EntityParts>(part_count_, types_of(waiting.front().unpacked()));
    }
    const std::size_t first = side->batches();
    side->expect(waiting.size());
    std::vector<std::vector<Part>> read_parts(waiting.size());
    RTML_TRY(
        run_parallel(limits_.threads, waiting.size(), limits_.cancel, [&](std::size_t i) -> Status {
          Waiting& batch = waiting[i];
          const std::vector<Column> columns = batch.unpacked();
          const std::vector<Column> keys(columns.begin(), columns.begin() + key_count);
          std::vector<Part> parts = parts_of(keys, batch.rows, part_count_);
          side->deal(first + i, columns, parts);
          if (asks && is_masked_) {
            const Column& mask = columns.back();
            for (std::int64_t row = 0; row < batch.rows; ++row) {
              if (mask.bool_at(row)) read_parts[i].push_back(parts[row]);
            }
          } else if (asks) {
            read_parts[i] = std::move(parts);
          }
          batch = {};
          return {};
        }));
    waiting.clear();
    for (std::vector<Part>& parts : read_parts) {
      if (!parts.empty()) read_parts_.push_back(std::move(parts));
    }
    if (is_spilling_) RTML_TRY(side->spill(file_));
    return {};
  };
  RTML_TRY(deal(waiting_events_, events_, asks_itself_));
  RTML_TRY(deal(waiting_reads_, reads_, true));
  waiting_rows_ = 0;
  return {};
}

std::int64_t ViewJoin::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const auto* waiting : {&waiting_events_, &waiting_reads_}) {
    for (const Waiting& batch : *waiting) {
      for (const Column& column : batch.columns) bytes += dataset::memory_bytes(column);
      for (const PackedColumn& column : batch.packed) bytes += column.memory_bytes();
    }
  }
  if (events_ != nullptr) bytes += events_->memory_bytes();
  if (reads_ != nullptr) bytes += reads_->memory_bytes();
  for (const std::vector<Part>& parts : read_parts_) {
    bytes += static_cast<std::int64_t>(parts.size() * sizeof(Part));
  }
  return bytes;
}

Status ViewJoin::spill() {
  is_spilling_ = true;
  if (part_count_ == 0) RTML_TRY(start_dealing(kSpilledParts));
  RTML_TRY(deal_waiting());
  if (events_ != nullptr) RTML_TRY(events_->spill(file_));
  if (reads_ != nullptr) RTML_TRY(reads_->spill(file_));
  return {};
}

ReadColumns ViewJoin::read_columns(const std::vector<Column>& columns) const {
  ReadColumns reads;
  reads.rows = columns.front().length();
  reads.keys.assign(columns.begin(), columns.begin() + program_.keys.size());
  reads.time = columns[program_.keys.size()];
  return reads;
}

Status ViewJoin::compute_latest(bool* is_done) {
  const bool is_apart = !asks_itself_ && part_count_ == 0;
  if (!is_apart || !feature::LatestRows::serves(program_)) return {};
  std::vector<EventColumns> events;
  for (const Waiting& batch : waiting_events_) events.push_back(events_of(program_, batch.columns));
  auto latest = std::make_unique<feature::LatestRows>(program_);
  const auto reads = [&](std::size_t i) { return read_columns(waiting_reads_[i].unpacked()); };
  RTML_TRY(latest->compute(events, waiting_reads_.size(), reads,
                           {.threads = limits_.threads, .cancel = limits_.cancel}));
  if (!latest->can_answer()) return {};
  latest_ = std::move(latest);
  waiting_events_.clear();
  waiting_reads_.clear();
  *is_done = true;
  return {};
}

Status ViewJoin::compute() {
  bool is_done = false;
  RTML_TRY(compute_latest(&is_done));
  if (is_done) return {};
  if (part_count_ == 0) {
    RTML_TRY(start_dealing(static_cast<std::size_t>(waiting_rows_ / kPartRows)));
  }
  RTML_TRY(deal_waiting());
  RTML_TRY(run_parallel(limits_.threads, part_count_, limits_.cancel,
                        [&](std::size_t part) { return compute_part(part); }));
  events_ = nullptr;
  reads_ = nullptr;
  return {};
}

Status ViewJoin::compute_part(std::size_t part) {
  std::vector<Column> events;
  std::vector<Column> reads;
  if (events_ != nullptr) {
    RTML_TRY_ASSIGN(events, events_->load(part, file_));
  } else {
    events = no_events(program_);
  }
  if (!asks_itself_) {
    if (reads_ == nullptr) return {};
    RTML_TRY_ASSIGN(reads, reads_->load(part, file_));
  } else {
    reads.assign(events.begin(), events.begin() + program_.keys.size() + 1);
    if (is_masked_) {
      std::vector<std::int64_t> rows;
      for (std::int64_t row = 0; row < events.back().length(); ++row) {
        if (events.back().bool_at(row)) rows.push_back(row);
      }
      for (Column& column : reads) column = column.take(rows);
    }
  }
  if (reads.front().length() == 0) return {};
  RTML_TRY_ASSIGN(const feature::SweepResult result,
                  feature::sweep(program_, events_of(program_, events), read_columns(reads),
                                 {.cancel = limits_.cancel, .tells_ages = false}));
  overflows_ += result.overflows;
  return keep_results(part, result, reads.front().length());
}

Status ViewJoin::keep_results(std::size_t part, const feature::SweepResult& result,
                              std::int64_t rows) {
  const std::int64_t page_rows = is_spilling_ ? kPageRows : rows;
  for (std::int64_t start = 0; start < rows; start += page_rows) {
    Page page;
    page.rows = std::min(page_rows, rows - start);
    for (const std::size_t output : outputs_) {
      page.columns.emplace_back(result.features[output].slice(start, page.rows));
    }
    if (is_spilling_) {
      std::string bytes;
      for (const PackedColumn& column : page.columns) column.append_bytes(bytes);
      page.columns.clear();
      page.bytes = static_cast<std::int64_t>(bytes.size());
      RTML_TRY_ASSIGN(page.offset, file_.append(bytes));
    }
    results_[part].pages.push_back(std::move(page));
  }
  return {};
}

Status ViewJoin::open_page(PartResult& result) {
  if (result.is_open) {
    result.pages[result.page].columns = {};
    ++result.page;
  }
  result.row = 0;
  result.is_open = true;
  Page& page = result.pages[result.page];
  if (page.bytes == 0) return {};
  const auto bytes = std::make_shared<std::string>(static_cast<std::size_t>(page.bytes), '\0');
  RTML_TRY(file_.read(page.offset, *bytes));
  std::size_t position = 0;
  for (const std::size_t output : outputs_) {
    page.columns.push_back(
        PackedColumn::from_bytes(bytes, &position, program_.outputs[output].field.type));
  }
  return {};
}

std::vector<Part> ViewJoin::take_parts(std::int64_t count) {
  std::vector<Part> parts;
  parts.reserve(static_cast<std::size_t>(count));
  while (std::ssize(parts) < count) {
    const std::vector<Part>& first = read_parts_.front();
    const std::size_t taken =
        std::min(first.size() - parts_taken_, static_cast<std::size_t>(count) - parts.size());
    parts.insert(parts.end(), first.begin() + parts_taken_, first.begin() + parts_taken_ + taken);
    parts_taken_ += taken;
    if (parts_taken_ == first.size()) {
      read_parts_.pop_front();
      parts_taken_ = 0;
    }
  }
  return parts;
}

Result<std::vector<Column>> ViewJoin::next(std::int64_t count) {
  if (latest_ != nullptr) {
    const std::vector<Column> all = latest_->features(rows_given_, count);
    rows_given_ += count;
    std::vector<Column> columns;
    for (const std::size_t output : outputs_) columns.push_back(all[output]);
    return columns;
  }
  const std::vector<Part> parts = take_parts(count);
  std::vector<std::uint32_t> rows(parts.size());
  std::vector<GatheredColumn> gathered;
  for (const std::size_t output : outputs_) {
    gathered.emplace_back(program_.outputs[output].field.type, count);
  }
  for (std::size_t begin = 0; begin < parts.size();) {
    // As many rows as need no other page of a part that they have taken from.
    std::size_t end = begin;
    for (; end < parts.size(); ++end) {
      PartResult& result = results_[parts[end]];
      if (!result.is_open || result.row == result.pages[result.page].rows) {
        if (end > begin) break;
        RTML_TRY(open_page(result));
      }
      rows[end] = static_cast<std::uint32_t>(result.row++);
    }
    for (std::size_t c = 0; c < outputs_.size(); ++c) {
      std::vector<const PackedColumn*> sources(results_.size(), nullptr);
      for (std::size_t p = 0; p < results_.size(); ++p) {
        if (results_[p].is_open) sources[p] = &results_[p].pages[results_[p].page].columns[c];
      }
      gathered[c].add(sources, parts, rows, begin, end);
    }
    begin = end;
  }
  std::vector<Column> columns;
  for (GatheredColumn& column : gathered) columns.push_back(column.finish());
  return columns;
}

}  // namespace rtml::dataset
