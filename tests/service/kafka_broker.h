// A real Kafka on loopback for as long as a test runs, and what tests do to it beside reading.

#pragma once

#include <librdkafka/rdkafka.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rtml::test {

struct KafkaRecord {
  std::optional<std::string> value;  // Nothing: a tombstone.
  std::string key;
  std::int32_t partition = 0;
  std::int64_t time_ms = 0;  // 0: the broker's clock.
};

// Ends with the process that made it, however that ends.
class KafkaBroker {
 public:
  // Why there can be none on this machine (no Java, no network); empty if there can.
  static std::string reason_to_skip();

  explicit KafkaBroker(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ~KafkaBroker() { end(9); }
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  // Waits until it answers; false if it does not within a minute.
  bool start();
  void stop() { end(15); }
  void kill() { end(9); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port("open")); }
  std::string tls_address() const { return "127.0.0.1:" + std::to_string(port("tls")); }
  std::filesystem::path directory() const { return directory_; }

  // Each of these gives the error as text; empty: done.
  std::string create_topic(const std::string& topic, int partitions);
  std::string delete_topic(const std::string& topic);
  std::string add_partitions(const std::string& topic, int partitions);
  // Removes what is below `offset`, as retention does.
  std::string delete_records(const std::string& topic, std::int32_t partition, std::int64_t offset);
  std::string produce(const std::string& topic, const std::vector<KafkaRecord>& records);
  // The same in a transaction that is committed or not.
  std::string produce_transaction(const std::string& topic, const std::vector<KafkaRecord>& records,
                                  bool commits);
  // What the group has committed; -1: nothing.
  std::int64_t committed_offset(const std::string& group, const std::string& topic,
                                std::int32_t partition);

 private:
  void end(int signal);
  int port(std::string_view listener) const;

  std::filesystem::path directory_;
  pid_t pid_ = -1;
};

}  // namespace rtml::test
