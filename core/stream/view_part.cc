#include "core/stream/view_part.h"

#include <algorithm>

#include "core/base/time.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kNoTime = online::PartPosition::kNoTime;

// kNoTime where there is no time or the result would lie before all times.
std::int64_t earlier(std::int64_t time_us, std::int64_t by_us) {
  std::int64_t result = 0;
  if (time_us == kNoTime || __builtin_sub_overflow(time_us, by_us, &result)) return kNoTime;
  return result;
}

}  // namespace

ViewPart::ViewPart(const StreamedView& view, std::int32_t partition, online::PartWriter writer,
                   std::uint64_t epoch, const Clock& clock)
    : view_(&view),
      partition_(partition),
      writer_(std::move(writer)),
      epoch_(epoch),
      clock_(&clock) {
  const online::PartPosition& position = writer_.position();
  next_offset_ = position.next_offset;
  max_event_us_ = position.max_event_us;
  cutover_us_ = position.cutover_us;
}

std::int64_t ViewPart::watermark_us() const {
  return earlier(max_event_us_, view_->view->timing.watermark_delay_us);
}

bool ViewPart::is_late(std::int64_t time_us) const {
  const std::int64_t limit_us = earlier(watermark_us(), view_->lateness_us);
  return limit_us != kNoTime && time_us <= limit_us;
}

void ViewPart::sort(const Chunk& chunk, std::size_t begin, std::size_t end) {
  events_.clear();
  event_rows_.clear();
  values_.clear();
  memory_.clear();
  // The spans of events point into it.
  values_.reserve((end - begin) * view_->value_count());
  for (std::size_t row = begin; row < end; ++row) {
    if (chunk.rows[row].offset < next_offset_) continue;
    sort_row(chunk, row);
    next_offset_ = chunk.rows[row].offset + 1;
    has_changes_ = true;
  }
}

void ViewPart::sort_row(const Chunk& chunk, std::size_t index) {
  const ChunkRow& row = chunk.rows[index];
  if (row.says_nothing) return;
  if (row.error >= 0) {
    const auto error = static_cast<std::size_t>(row.error);
    return put_aside(row, Reason::kInvalid, chunk.errors[error], std::nullopt);
  }
  const table::Value* values = chunk.values_of(index);
  const std::int64_t time_us = values[view_->time_column].integer();
  for (std::size_t key = 0; key < view_->key_columns.size(); ++key) {
    if (!values[view_->key_columns[key]].is_null()) continue;
    return put_aside(row, Reason::kNullKey,
                     "key column " + view_->program.keys[key].name + " is null or missing",
                     time_us);
  }
  const std::int64_t arrival_us = row.ingest_time_us != 0 ? row.ingest_time_us : clock_->now_us();
  if (time_us > arrival_us && time_us - arrival_us > view_->view->timing.max_future_us) {
    return put_aside(row, Reason::kFuture,
                     "its time lies more than " +
                         format_duration(view_->view->timing.max_future_us) +
                         " ahead of its arrival: " + format_timestamp(time_us),
                     time_us);
  }
  // What the fill has seen is neither late nor new; the writer passes it over.
  const bool is_in_fill = cutover_us_ != kNoTime && time_us <= cutover_us_;
  if (!is_in_fill && is_late(time_us)) {
    return put_aside(row, Reason::kLate,
                     "its time lies at or before watermark - " +
                         format_duration(view_->lateness_us) + ": " + format_timestamp(time_us) +
                         ", watermark " + format_timestamp(watermark_us()),
                     time_us);
  }
  add_event(chunk, index, time_us);
  max_event_us_ = std::max(max_event_us_, time_us);
}

void ViewPart::add_event(const Chunk& chunk, std::size_t index, std::int64_t time_us) {
  const std::size_t first = values_.size();
  values_.resize(first + view_->value_count());
  online::KeyedEvent event =
      view_->event_of(chunk.values_of(index), values_.data() + first, memory_);
  event.offset = chunk.rows[index].offset;
  events_.push_back(event);
  event_rows_.push_back(index);
  event_times_us_.push_back(time_us);
}

void ViewPart::put_aside(const ChunkRow& row, Reason reason, std::string detail,
                         std::optional<std::int64_t> event_time_us) {
  Letter letter;
  letter.reason = reason;
  letter.detail = std::move(detail);
  letter.view = view_->view->name;
  letter.view_identity = view_->identity;
  letter.source = view_->source->name;
  letter.partition = partition_;
  letter.offset = row.offset;
  letter.ingest_time_us = row.ingest_time_us;
  letter.recorded_us = clock_->now_us();
  letter.event_time_us = event_time_us;
  letter.bytes = std::string(row.bytes.substr(0, kLongestLetter));
  letter.is_truncated = row.bytes.size() > kLongestLetter;
  letters_.push_back(to_record(letter));
  letter_bytes_ += std::ssize(letters_.back().bytes);
  if (reason == Reason::kLate) {
    ++late_;
  } else if (reason != Reason::kTooMany) {  // Those the writer counts.
    ++dead_letters_;
  }
}

Status ViewPart::apply(const Chunk& chunk, const plugin::CallOptions& call) {
  if (events_.empty()) return {};
  RTML_TRY_ASSIGN(const std::vector<online::Outcome> outcomes, writer_.apply(events_, call));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const online::Outcome outcome = outcomes[i];
    if (outcome != online::Outcome::kTooMany && outcome != online::Outcome::kFolded) continue;
    put_aside_refused(chunk.rows[event_rows_[i]], outcome, events_[i].event.time_us);
  }
  events_.clear();
  return {};
}

void ViewPart::put_aside_refused(const ChunkRow& row, online::Outcome outcome,
                                 std::int64_t time_us) {
  if (outcome == online::Outcome::kFolded) {
    return put_aside(row, Reason::kLate,
                     "its time is folded away already: " + format_timestamp(time_us), time_us);
  }
  put_aside(row, Reason::kTooMany,
            "its entity has max_events_per_entity (" +
                std::to_string(view_->view->timing.max_events_per_entity) +
                ") events; give its windows a resolution",
            time_us);
}

online::BatchEnd ViewPart::batch_end() const {
  online::BatchEnd end;
  end.next_offset = next_offset_;
  end.max_event_us = max_event_us_;
  end.watermark_us = watermark_us();
  end.trim_to_us = earlier(end.watermark_us, view_->view->timing.history_us);
  end.late = late_;
  end.dead_letters = dead_letters_;
  end.records = letters_;
  return end;
}

void ViewPart::committed() {
  cutover_us_ = writer_.position().cutover_us;
  letters_.clear();
  letter_bytes_ = 0;
  event_times_us_.clear();
  late_ = 0;
  dead_letters_ = 0;
  has_changes_ = false;
}

}  // namespace rtml::stream
