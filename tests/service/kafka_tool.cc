// What campaigns and benchmarks do to a Kafka that scripts/kafka/broker runs in DIR, beside rtml:
//
//   service_kafka_tool DIR create TOPIC PARTITIONS
//   service_kafka_tool DIR delete TOPIC
//   service_kafka_tool DIR produce TOPIC [RATE]
//       lines "PARTITION<tab>MESSAGE" of standard input, at most RATE a second; brokers may go and
//       come back
//   service_kafka_tool DIR produce-hex TOPIC [RATE]
//       the same with messages in hexadecimal digits, so that they may be any bytes
//   service_kafka_tool DIR consume TOPIC
//       reads it to its end as a plain consumer does and prints messages, bytes, seconds

#include <librdkafka/rdkafka.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/kafka_broker.h"

namespace {

using rtml::test::KafkaBroker;
using std::chrono::steady_clock;

int failed(const std::string& error) {
  if (error.empty()) return 0;
  std::cerr << "kafka_tool: " << error << "\n";
  return 1;
}

rd_kafka_t* make_client(rd_kafka_type_t type, const std::string& brokers,
                        const std::vector<std::pair<const char*, const char*>>& settings) {
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  char problem[512];
  rd_kafka_conf_set(configuration, "bootstrap.servers", brokers.c_str(), problem, sizeof problem);
  rd_kafka_conf_set(configuration, "log_level", "0", problem, sizeof problem);
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(configuration, name, value, problem, sizeof problem) !=
        RD_KAFKA_CONF_OK) {
      std::cerr << "kafka_tool: " << problem << "\n";
    }
  }
  return rd_kafka_new(type, configuration, problem, sizeof problem);
}

// The bytes of lower-case hexadecimal digits.
std::string bytes_of(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1])));
  }
  return bytes;
}

// Each line once and in the order of its partition, however often brokers go away.
int produce(const KafkaBroker& broker, const std::string& topic, double rate, bool is_hexadecimal) {
  rd_kafka_t* client = make_client(RD_KAFKA_PRODUCER, broker.address(),
                                   {{"enable.idempotence", "true"},
                                    {"linger.ms", "5"},
                                    {"message.timeout.ms", "0"},
                                    {"reconnect.backoff.max.ms", "500"},
                                    {"queue.buffering.max.messages", "200000"}});
  const auto start = steady_clock::now();
  std::int64_t count = 0;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::size_t tab = line.find('\t');
    std::int32_t partition = 0;
    std::from_chars(line.data(), line.data() + tab, partition);
    std::string message = line.substr(tab + 1);
    if (is_hexadecimal) message = bytes_of(message);
    while (true) {
      const rd_kafka_resp_err_t code = rd_kafka_producev(
          client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_VALUE(static_cast<void*>(message.data()), message.size()), RD_KAFKA_V_END);
      rd_kafka_poll(client, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return failed(rd_kafka_err2str(code));
    }
    ++count;
    if (rate > 0) {
      std::this_thread::sleep_until(
          start + std::chrono::duration_cast<steady_clock::duration>(
                      std::chrono::duration<double>(static_cast<double>(count) / rate)));
    }
  }
  const rd_kafka_resp_err_t code = rd_kafka_flush(client, 300'000);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(rd_kafka_err2str(code));
  rd_kafka_destroy(client);
  std::cout << count << "\n";
  return 0;
}

int partition_count(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* metadata = nullptr;
  int count = 0;
  if (rd_kafka_metadata(client, 0, handle, &metadata, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(handle);
  return count;
}

int consume(const KafkaBroker& broker, const std::string& topic) {
  const auto start = steady_clock::now();
  rd_kafka_t* client = make_client(RD_KAFKA_CONSUMER, broker.address(),
                                   {{"group.id", "plain"},
                                    {"enable.auto.commit", "false"},
                                    {"enable.partition.eof", "true"},
                                    {"fetch.wait.max.ms", "100"},
                                    {"queued.min.messages", "1000000"},
                                    {"queued.max.messages.kbytes", "65536"}});
  rd_kafka_poll_set_consumer(client);
  const int partitions = partition_count(client, topic);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client, list);
  rd_kafka_topic_partition_list_destroy(list);
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
  for (int ended = 0; ended < partitions;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client, 1'000);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++messages;
      bytes += static_cast<std::int64_t>(message->len);
    }
    rd_kafka_message_destroy(message);
  }
  const std::chrono::duration<double> elapsed = steady_clock::now() - start;
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  std::printf("%lld %lld %.3f\n", static_cast<long long>(messages), static_cast<long long>(bytes),
              elapsed.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) return failed("give DIR, a verb and TOPIC");
  KafkaBroker broker(words[0]);
  const std::string& verb = words[1];
  const std::string& topic = words[2];
  if (verb == "create" && words.size() == 4) {
    return failed(broker.create_topic(topic, std::stoi(words[3])));
  }
  if (verb == "delete") return failed(broker.delete_topic(topic));
  if (verb == "produce" || verb == "produce-hex") {
    return produce(broker, topic, words.size() > 3 ? std::stod(words[3]) : 0,
                   verb == "produce-hex");
  }
  if (verb == "consume") return consume(broker, topic);
  return failed("no such verb: " + verb);
}
