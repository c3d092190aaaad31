// Reads streams of one Redis server or cluster, each a partition, from the offsets that the host
// gives.
//
// Entries are asked for from the last one on that was read, itself included (XRANGE). If it is
// still there, nothing behind it was trimmed unread. If it is gone, the counters of the stream
// decide (Redis 7): was everything that is missing read before? What cannot be told is taken for
// lost, an error. XREAD BLOCK only waits, since it cannot tell a gap.

#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/storage/redis/servers.h"
#include "plugins/storage/redis/stream_info.h"
#include "plugins/storage/redis/stream_settings.h"
#include "rtml/sdk/storage.h"

namespace rtml::redis {

class RedisStreamReader : public sdk::StreamReader {
 public:
  // Fails with RTML_STATUS_NOT_FOUND if a stream does not exist.
  static sdk::Result<std::unique_ptr<RedisStreamReader>> open(StreamSettings settings,
                                                              const sdk::Call& call);
  // Tells the group what was acknowledged last.
  ~RedisStreamReader() override;

  sdk::Result<sdk::Poll> poll(std::int64_t limit, const sdk::Call& call) override;
  sdk::Result<std::vector<sdk::Partition>> assignment(const sdk::Call& call) override;
  sdk::Status start(std::int32_t partition, std::int64_t offset, const sdk::Call& call) override;
  sdk::Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                          const sdk::Call& call) override;

 private:
  struct Stream {
    std::string key;
    bool is_started = false;
    // Where the host wants to go on; its place is looked for before anything is read.
    std::int64_t next_offset = sdk::kOffsetBeginning;
    bool is_placed = false;
    std::optional<StreamId> last;  // Read last; nothing: nothing yet.
    // How many entries were added up to `last`, itself included, if that is known.
    std::optional<std::int64_t> ordinal;
    bool is_at_end = false;
    std::optional<StreamInfo> info;
    std::optional<std::int64_t> acknowledged;  // Not yet told to the group.
    std::int64_t count = 16;                   // Entries to ask for, by how long they are.
  };

  RedisStreamReader(StreamSettings settings, std::unique_ptr<Servers> servers);

  Wait patience(const sdk::Call& call) const;
  sdk::Result<Reply> ask(const Stream& stream, std::vector<std::string> words, const Wait& wait);
  // Finds the entry that an offset stands for.
  sdk::Status place(Stream& stream, const Wait& wait);
  sdk::Status place_behind(Stream& stream, const StreamId& wanted, const Wait& wait);
  sdk::Status look(Stream& stream, const Wait& wait);
  void count_from(Stream& stream) const;
  sdk::Status look_when_due(const Wait& wait);
  void tell_group(const Wait& wait);

  sdk::Status read_all(std::int64_t limit, const Wait& wait);
  sdk::Status take(Stream& stream, const redisReply& reply, const Wait& wait);
  sdk::Status take_entry(Stream& stream, const redisReply& entry);
  std::string_view message_of(const redisReply& fields);
  sdk::Status check_gap(Stream& stream, const Wait& wait);
  sdk::Error lost(const Stream& stream, const std::string& why) const;
  sdk::Status wait_for_more(const Wait& wait, const sdk::Call& call);
  bool has_ended() const;
  std::int32_t number_of(const Stream& stream) const {
    return static_cast<std::int32_t>(&stream - streams_.data());
  }

  StreamSettings settings_;
  std::unique_ptr<Servers> servers_;
  std::vector<Stream> streams_;
  std::size_t turn_ = 0;           // The stream that is asked first.
  std::vector<Reply> held_;        // Of the last poll, whose messages point into them,
  std::deque<std::string> texts_;  // and messages that were made of several fields.
  std::vector<sdk::Message> messages_;
  bool assignment_changed_ = true;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace rtml::redis
