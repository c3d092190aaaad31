// A connection to the brokers: what both reading and looking on need of librdkafka.
//
// librdkafka reconnects by itself, with back-off; what it says of that is kept here until somebody
// wants to know. Callbacks come only within calls, on the caller's thread.

#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/kafka/kafka_settings.h"
#include "rtml/sdk/storage.h"

namespace rtml::kafka {

// Told when the group gives or takes partitions.
class AssignmentListener {
 public:
  virtual ~AssignmentListener() = default;
  virtual void on_assigned(const rd_kafka_topic_partition_list_t& partitions) = 0;
  virtual void on_revoked() = 0;
};

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

class KafkaClient {
 public:
  // `listener`, where not null, outlives the client.
  static sdk::Result<std::unique_ptr<KafkaClient>> open(KafkaSettings settings,
                                                        AssignmentListener* listener);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* get() const { return client_; }
  const KafkaSettings& settings() const { return settings_; }

  // Waits until the topic is known and gives the number of its partitions. Fails with
  // RTML_STATUS_NOT_FOUND, or retryably at the deadline (none: 10 s) where no broker answers.
  sdk::Result<std::int32_t> partition_count(const sdk::Call& call);
  // The same from one question that waits at most `timeout_ms`. 0: there is no such topic.
  sdk::Result<std::int32_t> ask_partition_count(int timeout_ms);

  // The error that ends everything, such as a name in the group that another process has taken.
  sdk::Status check_fatal() const;
  bool is_down() const { return is_down_; }
  void set_reached() { is_down_ = false; }
  // "the brokers cannot be reached: …", retryable.
  sdk::Error unreachable() const;
  // An error of librdkafka in words, without secrets.
  sdk::Error error_of(rd_kafka_resp_err_t code, const std::string& doing,
                      const std::string& detail = {}) const;

 private:
  KafkaClient(KafkaSettings settings, AssignmentListener* listener)
      : settings_(std::move(settings)), listener_(listener) {}
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque);
  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque);

  KafkaSettings settings_;
  AssignmentListener* listener_;
  rd_kafka_t* client_ = nullptr;
  std::string last_reason_;  // Of the latest failure to connect.
  std::string refusal_;      // Why no broker lets this client in; empty: none did so.
  bool is_down_ = false;     // All brokers are away, as far as is known.
  bool was_reached_ = false;
};

}  // namespace rtml::kafka
