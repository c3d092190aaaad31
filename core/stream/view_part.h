// One view version fed by one partition: sorts messages into events, late events, dead letters and
// duplicates, and hands the events to the part's writer.
//
// Everything that decides where a message goes depends on the messages of the partition in the
// order of their offsets alone (and on the clock only where the medium gives no ingest time), so
// batches and restarts change nothing. Used by one thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/online/part_writer.h"
#include "core/stream/chunk.h"
#include "core/stream/letter.h"
#include "core/stream/streamed_view.h"

namespace rtml::stream {

class ViewPart {
 public:
  // `view` must outlive the part. `clock` gives the time of arrival where the medium does not.
  // `epoch` is the writer's.
  ViewPart(const StreamedView& view, std::int32_t partition, online::PartWriter writer,
           std::uint64_t epoch, const Clock& clock);

  // Where reading goes on: the first offset that is not taken.
  std::int64_t next_offset() const { return next_offset_; }
  // The watermark as of the last message taken; PartPosition::kNoTime before the first event.
  std::int64_t watermark_us() const;
  std::int64_t max_event_us() const { return max_event_us_; }

  // Looks at rows [begin, end) of a chunk, all of this partition, and says what is to be applied.
  // Rows before next_offset() are passed over. Nothing is written. apply() must follow.
  void sort(const Chunk& chunk, std::size_t begin, std::size_t end);
  // Applies the events that sort() has found. May be called again after a failure.
  Status apply(const Chunk& chunk, const plugin::CallOptions& call);

  // What a commit stores; valid until committed() or the next sort().
  online::BatchEnd batch_end() const;
  bool has_changes() const { return has_changes_; }
  // Whether the batch holds late events or dead letters.
  bool has_letters() const { return !letters_.empty(); }
  std::int64_t letter_bytes() const { return letter_bytes_; }
  // When the events of the batch happened.
  std::span<const std::int64_t> event_times_us() const { return event_times_us_; }
  void committed();

  online::PartWriter& writer() { return writer_; }
  const online::PartWriter& writer() const { return writer_; }
  const StreamedView& view() const { return *view_; }
  std::int32_t partition() const { return partition_; }
  std::uint64_t epoch() const { return epoch_; }

 private:
  void sort_row(const Chunk& chunk, std::size_t row);
  bool is_late(std::int64_t time_us) const;
  void add_event(const Chunk& chunk, std::size_t row, std::int64_t time_us);
  void put_aside(const ChunkRow& row, Reason reason, std::string detail,
                 std::optional<std::int64_t> event_time_us);
  void put_aside_refused(const ChunkRow& row, online::Outcome outcome, std::int64_t time_us);

  const StreamedView* view_;
  std::int32_t partition_;
  online::PartWriter writer_;
  std::uint64_t epoch_;
  const Clock* clock_;

  std::int64_t next_offset_ = 0;
  std::int64_t max_event_us_ = online::PartPosition::kNoTime;
  std::int64_t cutover_us_ = online::PartPosition::kNoTime;

  // Of the batch that is not committed.
  std::vector<online::Record> letters_;
  std::int64_t letter_bytes_ = 0;
  std::int64_t late_ = 0;
  std::int64_t dead_letters_ = 0;
  bool has_changes_ = false;
  std::vector<std::int64_t> event_times_us_;

  // Between sort() and apply(): the events, and the rows they came from.
  std::vector<online::KeyedEvent> events_;
  std::vector<std::size_t> event_rows_;
  std::vector<table::Value> values_;  // Keys and inputs of all events.
  table::ValueMemory memory_;         // Texts among them that no message holds.
};

}  // namespace rtml::stream
