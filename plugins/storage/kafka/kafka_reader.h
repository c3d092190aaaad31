// Reads the partitions of one topic that the group gives, or all of them.
//
// Where reading starts is told by the host alone: the offsets that the group has committed are for
// those who watch it. Whenever a partition is started, librdkafka's assignment is set anew as a
// whole before the next poll, each partition at the offset that is wanted next.

#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "plugins/storage/kafka/kafka_client.h"
#include "rtml/sdk/storage.h"

namespace rtml::kafka {

class KafkaReader : public sdk::StreamReader, private AssignmentListener {
 public:
  // Waits until the topic is known.
  static sdk::Result<std::unique_ptr<KafkaReader>> open(KafkaSettings settings,
                                                        const sdk::Call& call);
  ~KafkaReader() override;

  sdk::Result<sdk::Poll> poll(std::int64_t limit, const sdk::Call& call) override;
  sdk::Result<std::vector<sdk::Partition>> assignment(const sdk::Call& call) override;
  sdk::Status start(std::int32_t partition, std::int64_t offset, const sdk::Call& call) override;
  sdk::Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                          const sdk::Call& call) override;

 private:
  struct Owned {
    bool is_started = false;
    std::int64_t next_offset = sdk::kOffsetBeginning;
    std::int64_t end_seen = -1;  // Where the partition ended when it was last read to its end.
  };
  struct MessageDeleter {
    void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  };

  KafkaReader() = default;
  void on_assigned(const rd_kafka_topic_partition_list_t& partitions) override;
  void on_revoked() override;

  // Makes librdkafka read what is started, if that has changed.
  sdk::Status apply_starts();
  // Takes what is there, waiting at most `wait_ms` for the first.
  sdk::Status take(std::int64_t limit, int wait_ms);
  sdk::Status take_event(const rd_kafka_message_t& event);
  void describe_messages();
  // What is to be said at the end of a wait for nothing.
  sdk::Status check_reachable();
  void look_at_topic();
  bool has_ended() const;

  std::unique_ptr<KafkaClient> client_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::map<std::int32_t, Owned> owned_;
  std::vector<std::unique_ptr<rd_kafka_message_t, MessageDeleter>> held_;  // Of the last poll.
  std::vector<sdk::Message> messages_;
  std::size_t held_bytes_ = 0;
  bool assignment_changed_ = false;
  bool assignment_known_ = false;
  bool starts_changed_ = false;
  std::optional<std::chrono::steady_clock::time_point> topic_missing_since_;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace rtml::kafka
