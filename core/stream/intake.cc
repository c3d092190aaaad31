#include "core/stream/intake.h"

#include <algorithm>
#include <chrono>

#include "core/base/time.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kPollUs = 200 * kMillisecond;
// How often the ends of partitions are asked for, from which the lag is known.
constexpr std::int64_t kLookUs = kSecond;
constexpr std::int64_t kIdleUs = kSecond;
// A group may take so long to give its first assignment.
constexpr std::int64_t kFirstAssignmentUs = 30 * kSecond;
constexpr std::size_t kSpareChunks = 8;
constexpr std::chrono::milliseconds kSlice(50);

}  // namespace

void IntakeQueue::push(IntakeItem item) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
  }
  changed_.notify_one();
}

std::optional<IntakeItem> IntakeQueue::take(std::int64_t wait_us) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::microseconds(wait_us), [this] { return !items_.empty(); });
  if (items_.empty()) return std::nullopt;
  IntakeItem item = std::move(items_.front());
  items_.pop_front();
  return item;
}

bool IntakeQueue::is_empty() const {
  const std::lock_guard lock(mutex_);
  return items_.empty();
}

Intake::Intake(std::unique_ptr<plugin::StreamReader> reader,
               std::unique_ptr<message::Decoder> decoder, std::size_t columns,
               const IntakeOptions& options, const Clock& clock, IntakeQueue& queue)
    : reader_(std::move(reader)),
      decoder_(std::move(decoder)),
      columns_(columns),
      options_(options),
      clock_(clock),
      queue_(queue),
      retry_(clock, options.max_retry_us) {}

Intake::~Intake() {
  stop();
  if (thread_.joinable()) thread_.join();
  acknowledge_all();
}

void Intake::start() {
  idle_since_us_ = clock_.monotonic_us();
  thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
  stop_.set();
  changed_.notify_all();
}

void Intake::start_partitions(std::vector<std::pair<std::int32_t, std::int64_t>> offsets) {
  {
    const std::lock_guard lock(mutex_);
    starts_ = std::move(offsets);
  }
  changed_.notify_all();
}

void Intake::acknowledge(std::int32_t partition, std::int64_t next_offset) {
  const std::lock_guard lock(mutex_);
  for (auto& [number, offset] : acknowledgements_) {
    if (number != partition) continue;
    offset = std::max(offset, next_offset);
    return;
  }
  acknowledgements_.emplace_back(partition, next_offset);
}

void Intake::give_back(std::unique_ptr<Chunk> chunk) {
  {
    const std::lock_guard lock(mutex_);
    waiting_bytes_ -= chunk->waiting_bytes;
    chunk->clear();
    if (spare_chunks_.size() < kSpareChunks) spare_chunks_.push_back(std::move(chunk));
  }
  changed_.notify_all();
}

std::vector<plugin::Partition> Intake::partitions() const {
  const std::lock_guard lock(mutex_);
  return partitions_;
}

std::unique_ptr<Chunk> Intake::empty_chunk() {
  const std::lock_guard lock(mutex_);
  if (spare_chunks_.empty()) return std::make_unique<Chunk>();
  std::unique_ptr<Chunk> chunk = std::move(spare_chunks_.back());
  spare_chunks_.pop_back();
  return chunk;
}

plugin::CallOptions Intake::call() const {
  return {.deadline_us = clock_.monotonic_us() + kPollUs, .cancel = &stop_};
}

void Intake::run() {
  bool ended = false;
  while (!ended && !stop_.is_set()) {
    const Status done = step(&ended);
    if (done) {
      retry_.succeeded();
      continue;
    }
    if (stop_.is_set()) return;
    if (const Status waited = retry_.wait_after(done.error(), stop_); !waited) {
      if (stop_.is_set()) return;
      queue_.push({.intake = options_.intake,
                   .kind = IntakeItem::Kind::kFailed,
                   .chunk = nullptr,
                   .assignment = {},
                   .error = waited.error()});
      return;
    }
  }
  if (!ended) return;
  queue_.push({.intake = options_.intake,
               .kind = IntakeItem::Kind::kEnded,
               .chunk = nullptr,
               .assignment = {},
               .error = std::nullopt});
}

Status Intake::step(bool* ended) {
  acknowledge_all();
  if (!wait_for_room()) return {};
  return poll(ended);
}

Status Intake::poll(bool* ended) {
  RTML_TRY_ASSIGN(const plugin::Poll polled, reader_->poll(options_.poll_rows, call()));
  const bool has_messages = !polled.messages.empty();
  if (has_messages) decode(polled.messages);
  if (polled.assignment_changed) {
    idle_since_us_ = clock_.monotonic_us();
    return change_assignment();
  }
  *ended = polled.ended || is_idle(has_messages);
  if (clock_.monotonic_us() - looked_at_us_ >= kLookUs) look_at_partitions();
  return {};
}

void Intake::look_at_partitions() {
  looked_at_us_ = clock_.monotonic_us();
  // The lag is for people; a medium that cannot tell it now is asked again.
  auto partitions = reader_->assignment(call());
  if (!partitions) return;
  const std::lock_guard lock(mutex_);
  partitions_ = std::move(*partitions);
}

bool Intake::is_idle(bool has_messages) {
  const std::int64_t now_us = clock_.monotonic_us();
  if (has_messages) idle_since_us_ = now_us;
  const std::int64_t patience_us = has_assignment_ ? kIdleUs : kFirstAssignmentUs;
  return options_.once && now_us - idle_since_us_ >= patience_us;
}

Status Intake::change_assignment() {
  RTML_TRY_ASSIGN(std::vector<plugin::Partition> assignment, reader_->assignment(call()));
  has_assignment_ = has_assignment_ || !assignment.empty();
  {
    const std::lock_guard lock(mutex_);
    partitions_ = assignment;
    starts_.reset();
  }
  queue_.push({.intake = options_.intake,
               .kind = IntakeItem::Kind::kAssignment,
               .chunk = nullptr,
               .assignment = std::move(assignment),
               .error = std::nullopt});
  std::vector<std::pair<std::int32_t, std::int64_t>> starts;
  if (!wait_for_starts(&starts)) return {};
  for (const auto& [partition, offset] : starts) {
    RTML_TRY(retry_.run([&] { return reader_->start(partition, offset, call()); }, stop_));
  }
  return {};
}

bool Intake::wait_for_starts(std::vector<std::pair<std::int32_t, std::int64_t>>* starts) {
  std::unique_lock lock(mutex_);
  while (!starts_ && !stop_.is_set()) changed_.wait_for(lock, kSlice);
  if (!starts_) return false;
  *starts = std::move(*starts_);
  starts_.reset();
  return true;
}

bool Intake::wait_for_room() {
  std::unique_lock lock(mutex_);
  if (waiting_bytes_ < options_.queued_bytes) return !stop_.is_set();
  std::int64_t since_us = clock_.monotonic_us();
  while (waiting_bytes_ >= options_.queued_bytes && !stop_.is_set()) {
    changed_.wait_for(lock, kSlice);
    // Counted as it goes: whoever watches wants to know while it lasts.
    const std::int64_t now_us = clock_.monotonic_us();
    held_back_us_ += now_us - since_us;
    since_us = now_us;
  }
  return !stop_.is_set();
}

void Intake::acknowledge_all() {
  std::vector<std::pair<std::int32_t, std::int64_t>> acknowledgements;
  {
    const std::lock_guard lock(mutex_);
    acknowledgements.swap(acknowledgements_);
  }
  // What is stored is told after a stop, too.
  const plugin::CallOptions call{.deadline_us = clock_.monotonic_us() + kPollUs, .cancel = nullptr};
  for (const auto& [partition, offset] : acknowledgements) {
    // For those who watch the medium; where reading goes on is in the online store.
    (void)reader_->acknowledge(partition, offset, call);
  }
}

void Intake::decode(Messages messages) {
  std::unique_ptr<Chunk> chunk = empty_chunk();
  chunk->columns = columns_;
  chunk->rows.reserve(messages.size());
  chunk->values.resize(messages.size() * columns_);
  for (const plugin::Message& message : messages) {
    ChunkRow row{.offset = message.offset,
                 .ingest_time_us = message.ingest_time_us,
                 .partition = message.partition,
                 .says_nothing = message.is_tombstone,
                 .bytes = chunk->texts.keep(message.bytes)};
    chunk->bytes += static_cast<std::int64_t>(message.bytes.size());
    if (!message.is_tombstone) {
      table::Value* values = chunk->values.data() + chunk->rows.size() * columns_;
      const Result<bool> decoded = decoder_->decode(row.bytes, values, &chunk->texts);
      if (decoded) {
        row.says_nothing = !*decoded;
      } else {
        row.error = static_cast<std::int32_t>(chunk->errors.size());
        chunk->errors.push_back(decoded.error().message());
      }
    }
    chunk->rows.push_back(row);
  }
  chunk->waiting_bytes = chunk->memory_bytes();
  {
    const std::lock_guard lock(mutex_);
    waiting_bytes_ += chunk->waiting_bytes;
  }
  queue_.push({.intake = options_.intake,
               .kind = IntakeItem::Kind::kChunk,
               .chunk = std::move(chunk),
               .assignment = {},
               .error = std::nullopt});
}

}  // namespace rtml::stream
