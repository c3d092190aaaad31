// Reads one stream and decodes its messages in a thread of its own, ahead of whoever applies them
// within a bounded memory.
//
// Several intakes share one IntakeQueue, from which one thread takes. What an intake gives comes in
// order: the messages of a partition by offset, and an assignment after all messages that came
// before it.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/message/decoder.h"
#include "core/plugin/backends.h"
#include "core/stream/chunk.h"
#include "core/stream/retry.h"

namespace rtml::stream {

struct IntakeItem {
  enum class Kind : std::uint8_t {
    kChunk,
    kAssignment,  // Answer with Intake::start_partitions(), or nothing more comes.
    kEnded,       // The last item: nothing will come any more.
    kFailed,      // The last item.
  };
  std::size_t intake = 0;
  Kind kind = Kind::kChunk;
  std::unique_ptr<Chunk> chunk;
  std::vector<plugin::Partition> assignment;
  std::optional<Error> error;
};

class IntakeQueue {
 public:
  void push(IntakeItem item);
  // The next item, waiting so long for it.
  std::optional<IntakeItem> take(std::int64_t wait_us);
  bool is_empty() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<IntakeItem> items_;
};

struct IntakeOptions {
  std::size_t intake = 0;  // As items name it.
  std::int64_t poll_rows = 4096;
  std::int64_t queued_bytes = std::int64_t{64} << 20;  // So much memory may wait to be applied.
  bool once = false;                                   // Ends when nothing came for a second.
  std::optional<std::int64_t> max_retry_us;
};

class Intake {
 public:
  Intake(std::unique_ptr<plugin::StreamReader> reader, std::unique_ptr<message::Decoder> decoder,
         std::size_t columns, const IntakeOptions& options, const Clock& clock, IntakeQueue& queue);
  // Stops the thread, and passes on what was acknowledged last.
  ~Intake();

  void start();
  // The thread ends soon; what it gave already can still be taken.
  void stop();

  // The offsets from which newly assigned partitions are read; those not named are not read.
  void start_partitions(std::vector<std::pair<std::int32_t, std::int64_t>> offsets);
  // Tells the medium that all below is stored; done by the thread when it comes by.
  void acknowledge(std::int32_t partition, std::int64_t next_offset);
  // Gives back a chunk that is applied, for its memory and its share of the bytes that may wait.
  void give_back(std::unique_ptr<Chunk> chunk);

  // What the medium said last of its partitions.
  std::vector<plugin::Partition> partitions() const;
  std::int64_t retries() const { return retry_.retries(); }
  bool is_failing() const { return retry_.is_failing(); }
  // How long the thread has stood still because what it had read was not applied yet.
  std::int64_t held_back_us() const { return held_back_us_.load(std::memory_order_relaxed); }

 private:
  using Messages = std::span<const plugin::Message>;
  void run();
  Status step(bool* ended);
  Status poll(bool* ended);
  Status change_assignment();
  void acknowledge_all();
  void decode(Messages messages);
  bool wait_for_room();
  bool wait_for_starts(std::vector<std::pair<std::int32_t, std::int64_t>>* starts);
  bool is_idle(bool has_messages);
  void look_at_partitions();
  std::unique_ptr<Chunk> empty_chunk();
  plugin::CallOptions call() const;

  std::unique_ptr<plugin::StreamReader> reader_;
  std::unique_ptr<message::Decoder> decoder_;
  std::size_t columns_;
  IntakeOptions options_;
  const Clock& clock_;
  IntakeQueue& queue_;
  CancelFlag stop_;
  Retry retry_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t waiting_bytes_ = 0;
  std::vector<std::unique_ptr<Chunk>> spare_chunks_;
  std::optional<std::vector<std::pair<std::int32_t, std::int64_t>>> starts_;
  std::vector<std::pair<std::int32_t, std::int64_t>> acknowledgements_;
  std::vector<plugin::Partition> partitions_;
  std::atomic<std::int64_t> held_back_us_{0};

  // Of the thread alone.
  std::int64_t idle_since_us_ = 0;
  std::int64_t looked_at_us_ = 0;
  bool has_assignment_ = false;
  std::thread thread_;
};

}  // namespace rtml::stream
