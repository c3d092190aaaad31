// The plugin "kafka" against a real broker, which all cases share.

#include <stdlib.h>

#include <algorithm>
#include <map>

#include "core/base/clock.h"
#include "core/plugin/conformance/conformance.h"
#include "tests/service/kafka_broker.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::CallOptions;
using plugin::kBeginning;
using plugin::StreamReader;
using test::KafkaBroker;
using test::KafkaRecord;

constexpr std::int64_t kSecondUs = 1'000'000;

// Lives until the process ends, when there is no test any more that a TemporaryDirectory could ask.
struct SharedBroker {
  explicit SharedBroker(std::filesystem::path at) : broker(std::move(at)) {}
  ~SharedBroker() {
    broker.kill();
    std::error_code ignored;
    std::filesystem::remove_all(broker.directory(), ignored);
  }
  KafkaBroker broker;
};

// The running broker; null where there can be none, which is said.
KafkaBroker* running_broker() {
  static const std::string reason = KafkaBroker::reason_to_skip();
  if (!reason.empty()) {
    MESSAGE("skipped: " << reason);
    return nullptr;
  }
  static const auto shared = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "rtml-kafka-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    auto made = std::make_unique<SharedBroker>(pattern);
    REQUIRE(made->broker.start());
    return made;
  }();
  return &shared->broker;
}

CallOptions within(std::int64_t timeout_us) {
  CallOptions call;
  call.deadline_us = system_clock().monotonic_us() + timeout_us;
  return call;
}

std::unique_ptr<plugin::StreamStore> kafka_store() {
  auto host = test::built_host();
  auto store = host.stream_store("kafka");
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message()));
  return std::move(*store);
}

Json options_of(const KafkaBroker& broker, const std::string& topic) {
  return {{"brokers", broker.address()}, {"topic", topic}};
}

std::vector<KafkaRecord> records(int count, std::int32_t partition = 0, int first = 0) {
  std::vector<KafkaRecord> made;
  for (int i = first; i < first + count; ++i) {
    made.push_back({"m" + std::to_string(i), "k" + std::to_string(i), partition, 0});
  }
  return made;
}

// What a reader that keeps its own offsets, as rtml does, has read.
struct Consumer {
  std::unique_ptr<StreamReader> reader;
  std::map<std::int32_t, std::int64_t> next = {};
  std::map<std::int32_t, std::vector<std::string>> values = {};
  std::string error = {};  // The last one.
  int changes = 0;
  bool ended = false;

  // One poll; false after an error that is final.
  bool poll(std::int64_t timeout_us = kSecondUs / 5) {
    const auto polled = reader->poll(100, within(timeout_us));
    if (!polled) {
      error = polled.error().message();
      return polled.error().exit_class() == ExitClass::kRetry;
    }
    for (const auto& message : polled->messages) {
      values[message.partition].push_back(std::string(message.bytes));
      next[message.partition] = message.offset + 1;
    }
    ended = polled->ended;
    if (polled->assignment_changed) start();
    return true;
  }

  void start() {
    ++changes;
    const auto partitions = reader->assignment({});
    REQUIRE(partitions);
    for (const auto& partition : *partitions) {
      if (partition.is_started) continue;
      const auto known = next.find(partition.partition);
      REQUIRE(
          reader->start(partition.partition, known == next.end() ? kBeginning : known->second, {}));
    }
  }

  std::size_t owned() const {
    const auto partitions = reader->assignment({});
    return partitions ? partitions->size() : 0;
  }
  std::size_t count() const {
    std::size_t sum = 0;
    for (const auto& [partition, read] : values) sum += read.size();
    return sum;
  }
};

Consumer consume(const Json& options) {
  const auto store = kafka_store();
  auto reader = store->open(options, within(30 * kSecondUs));
  REQUIRE_MESSAGE(reader.has_value(), (reader ? "" : reader.error().message()));
  return {std::move(*reader)};
}

template <typename Condition>
bool wait_for(Condition condition, std::int64_t timeout_us = 40 * kSecondUs) {
  const std::int64_t give_up_us = system_clock().monotonic_us() + timeout_us;
  while (!condition()) {
    if (system_clock().monotonic_us() > give_up_us) return false;
  }
  return true;
}

// Reads a topic to its end; the last error where that is not to be had.
std::string read_to_end(const Json& given) {
  Json options = given;
  options["follow"] = false;
  Consumer consumer = consume(options);
  const bool is_read = wait_for([&] { return !consumer.poll() || consumer.ended; });
  if (!is_read || !consumer.ended) return "error: " + consumer.error;
  std::string text;
  for (const auto& [partition, read] : consumer.values) {
    for (const std::string& value : read) text += std::to_string(partition) + ":" + value + " ";
  }
  return text;
}

std::string open_error(const Json& options, std::int64_t timeout_us, ErrorCode code) {
  const auto store = kafka_store();
  const auto reader = store->open(options, within(timeout_us));
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code() == code);
  return reader.error().message() + " | " + reader.error().help();
}

TEST_CASE("kafka: passes the conformance suite of streams") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("conformance", 2) == "");
  REQUIRE(broker->produce("conformance", records(3)) == "");
  REQUIRE(broker->produce("conformance", records(2, 1)) == "");
  auto host = test::built_host();
  const auto info = host.find("kafka");
  REQUIRE(info);
  const test::TemporaryDirectory scratch;
  plugin::ConformanceSettings settings;
  settings.scratch = scratch / "conformance";
  settings.options = options_of(*broker, "conformance");
  settings.options["follow"] = false;
  const auto checks = plugin::check_conformance(host, *info, settings);
  REQUIRE(checks);
  CHECK(checks->size() >= 6);
  for (const auto& check : *checks)
    CHECK_MESSAGE(check.passed, check.name << ": " << check.problem);
}

TEST_CASE("kafka: gives keys, times and tombstones, and no aborted messages") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("kinds", 1) == "");
  REQUIRE(broker->produce("kinds", {{"value", "key", 0, 1'700'000'000'123},
                                    {std::nullopt, "gone", 0, 0},
                                    {"", "", 0, 0}}) == "");
  REQUIRE(broker->produce_transaction("kinds", records(3), false) == "");
  REQUIRE(broker->produce_transaction("kinds", {{"committed", "", 0, 0}}, true) == "");
  Consumer consumer = consume(options_of(*broker, "kinds"));
  std::string text;
  CHECK(wait_for([&] {
    const auto poll = consumer.reader->poll(100, within(kSecondUs));
    REQUIRE(poll);
    for (const auto& message : poll->messages) {
      text += std::to_string(message.offset) + " '" + std::string(message.key) + "' '" +
              std::string(message.bytes) + "'" + (message.is_tombstone ? " tombstone" : "") + "\n";
      if (message.offset == 0) CHECK(message.ingest_time_us == 1'700'000'000'123'000);
      if (message.offset == 1) CHECK(message.ingest_time_us > 1'700'000'000'123'000);
    }
    if (poll->assignment_changed) consumer.start();
    return text.find("committed") != std::string::npos;
  }));
  // Offsets 3 to 5 were aborted, 6 is the mark of that.
  CHECK(text == "0 'key' 'value'\n1 'gone' '' tombstone\n2 '' ''\n7 '' 'committed'\n");
  // The mark of the commit, offset 8, is nothing to wait for.
  CHECK(wait_for([&] {
    consumer.poll();
    const auto partitions = consumer.reader->assignment({});
    return partitions && partitions->front().end_offset == 8;
  }));
}

TEST_CASE("kafka: says what is wrong with options, topics and offsets") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  CHECK(open_error({{"brokers", broker->address()}}, kSecondUs, ErrorCode::kBadValue)
            .find("needs the option: topic") != std::string::npos);
  CHECK(open_error({{"topic", "t"}, {"brokers", "x"}, {"tpoic", "t"}}, kSecondUs,
                   ErrorCode::kBadValue)
            .find("no such option: tpoic") != std::string::npos);
  Json options = options_of(*broker, "absent");
  CHECK(open_error(options, 30 * kSecondUs, ErrorCode::kNotFound).find("no such topic: absent") !=
        std::string::npos);
  options["librdkafka"] = {{"plugin.library.paths", "x.so"}};
  CHECK(open_error(options, kSecondUs, ErrorCode::kBadValue).find("it loads a library") !=
        std::string::npos);
  options["librdkafka"] = {{"no.such.property", "1"}};
  CHECK(open_error(options, kSecondUs, ErrorCode::kBadValue)
            .find("refuses a property: no.such.property") != std::string::npos);

  REQUIRE(broker->create_topic("retained", 1) == "");
  REQUIRE(broker->produce("retained", records(10)) == "");
  REQUIRE(broker->delete_records("retained", 0, 4) == "");
  CHECK(read_to_end(options_of(*broker, "retained")) == "0:m4 0:m5 0:m6 0:m7 0:m8 0:m9 ");
  for (const std::int64_t offset : {3, 11}) {
    Consumer consumer = consume(options_of(*broker, "retained"));
    consumer.next[0] = offset;
    CHECK(wait_for([&] { return !consumer.poll(); }));
    CHECK(consumer.error.find("offset " + std::to_string(offset) +
                              " of partition 0 is not in topic: retained") != std::string::npos);
    CHECK(consumer.count() == 0);
  }
}

TEST_CASE("kafka: brokers that are away are a retryable error with the reason") {
  if (running_broker() == nullptr) return;
  const Json options = {{"brokers", "127.0.0.1:1"}, {"topic", "t"}};
  const auto store = kafka_store();
  const auto reader = store->open(options, within(kSecondUs));
  REQUIRE_FALSE(reader);
  CHECK(reader.error().exit_class() == ExitClass::kRetry);
  CHECK(reader.error().message().find("cannot be reached: 127.0.0.1:1 (") != std::string::npos);
}

TEST_CASE("kafka: TLS and passwords, with errors that keep secrets") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("private", 1) == "");
  REQUIRE(broker->produce("private", records(2)) == "");
  const std::string password = (broker->directory() / "password").string();
  REQUIRE(write_file(password, "secret\n"));
  Json options = options_of(*broker, "private");
  options["brokers"] = broker->tls_address();
  options["security_protocol"] = "sasl_ssl";
  options["ssl_ca"] = (broker->directory() / "tls/ca.pem").string();
  options["sasl_mechanism"] = "PLAIN";
  options["sasl_username"] = "reader";
  options["sasl_password_file"] = password;
  CHECK(read_to_end(options) == "0:m0 0:m1 ");

  Json wrong_password = options;
  wrong_password.erase("sasl_password_file");
  wrong_password["sasl_password"] = "guess-me-not";
  const std::string refused = open_error(wrong_password, 30 * kSecondUs, ErrorCode::kIo);
  CHECK(refused.find("the brokers refuse this client") != std::string::npos);
  CHECK(refused.find("guess-me-not") == std::string::npos);

  Json wrong_ca = options;
  wrong_ca.erase("ssl_ca");
  CHECK(open_error(wrong_ca, 30 * kSecondUs, ErrorCode::kIo).find("certificate") !=
        std::string::npos);
}

TEST_CASE("kafka: readers of a group share the partitions, and nothing is lost when one goes") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("shared", 4) == "");
  for (std::int32_t i = 0; i < 4; ++i) REQUIRE(broker->produce("shared", records(5, i)) == "");
  Json options = options_of(*broker, "shared");
  options["group"] = "sharers";
  Consumer first = consume(options);
  CHECK(wait_for([&] {
    first.poll();
    return first.count() == 20;
  }));
  CHECK(first.owned() == 4);
  CHECK(first.reader->acknowledge(2, 5, {}));
  CHECK(wait_for([&] {
    first.poll();
    return broker->committed_offset("sharers", "shared", 2) == 5;
  }));
  {
    Consumer second = consume(options);
    second.next = first.next;  // Both read the same kept state.
    CHECK(wait_for([&] {
      first.poll(20'000);
      second.poll(20'000);
      return first.owned() == 2 && second.owned() == 2;
    }));
    for (std::int32_t i = 0; i < 4; ++i) REQUIRE(broker->produce("shared", records(5, i, 5)) == "");
    CHECK(wait_for([&] {
      first.poll(20'000);
      second.poll(20'000);
      return first.count() + second.count() == 40;
    }));
    for (const auto& [partition, offset] : second.next) {
      first.next[partition] = std::max(first.next[partition], offset);
    }
  }
  CHECK(wait_for([&] {
    first.poll(20'000);
    return first.owned() == 4;
  }));
  for (std::int32_t i = 0; i < 4; ++i) REQUIRE(broker->produce("shared", records(1, i, 10)) == "");
  CHECK(wait_for([&] {
    first.poll();
    return first.count() >= 34;
  }));
  first.poll();
  CHECK(first.count() == 34);
}

TEST_CASE("kafka: partitions that are added later are given") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  for (const bool in_group : {false, true}) {
    const std::string topic = in_group ? "growing-group" : "growing";
    REQUIRE(broker->create_topic(topic, 1) == "");
    REQUIRE(broker->produce(topic, records(1)) == "");
    Json options = options_of(*broker, topic);
    options["librdkafka"] = {{"topic.metadata.refresh.interval.ms", 500}};
    if (in_group) options["group"] = topic;
    Consumer consumer = consume(options);
    CHECK(wait_for([&] {
      consumer.poll();
      return consumer.count() == 1;
    }));
    REQUIRE(broker->add_partitions(topic, 3) == "");
    REQUIRE(broker->produce(topic, records(1, 2)) == "");
    CHECK(wait_for([&] {
      consumer.poll();
      return consumer.values[2].size() == 1;
    }));
    CHECK(consumer.owned() == 3);
    CHECK(consumer.values[0].size() == 1);
  }
}

TEST_CASE("kafka: a topic that is deleted is an error") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("deleted", 1) == "");
  REQUIRE(broker->produce("deleted", records(1)) == "");
  Json options = options_of(*broker, "deleted");
  options["librdkafka"] = {{"topic.metadata.refresh.interval.ms", 500},
                           {"topic.metadata.propagation.max.ms", 500}};
  Consumer consumer = consume(options);
  CHECK(wait_for([&] {
    consumer.poll();
    return consumer.count() == 1;
  }));
  REQUIRE(broker->delete_topic("deleted") == "");
  CHECK(wait_for([&] { return !consumer.poll(); }));
  CHECK(consumer.error.find("the topic is gone: deleted") != std::string::npos);
}

TEST_CASE("kafka: a reader outlives its broker's restarts, by name and without") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("durable", 2) == "");
  REQUIRE(broker->produce("durable", records(50)) == "");
  Json options = options_of(*broker, "durable");
  Consumer alone = consume(options);
  options["group"] = "survivors";
  options["instance_id"] = "one";
  Consumer member = consume(options);
  const auto both_have = [&](std::size_t count) {
    return wait_for([&] {
      alone.poll(20'000);
      member.poll(20'000);
      return alone.count() == count && member.count() == count;
    });
  };
  CHECK(both_have(50));
  broker->kill();
  CHECK(wait_for([&] {
    alone.poll();
    return !alone.error.empty();
  }));
  CHECK(alone.error.find("cannot be reached") != std::string::npos);
  REQUIRE(broker->start());
  REQUIRE(broker->produce("durable", records(50, 1)) == "");
  CHECK(both_have(100));
  broker->stop();
  REQUIRE(broker->start());
  REQUIRE(broker->produce("durable", records(50, 1, 50)) == "");
  CHECK(both_have(150));
  for (const Consumer* consumer : {&alone, &member}) {
    std::vector<std::string> expected;
    for (const auto& record : records(100)) expected.push_back(*record.value);
    CHECK(consumer->values.at(1) == expected);
  }
}

TEST_CASE("kafka: a named reader has its partitions back at once") {
  KafkaBroker* broker = running_broker();
  if (broker == nullptr) return;
  REQUIRE(broker->create_topic("named", 2) == "");
  REQUIRE(broker->produce("named", records(1)) == "");
  Json options = options_of(*broker, "named");
  options["group"] = "named";
  options["instance_id"] = "one";
  Consumer first = consume(options);
  CHECK(wait_for([&] {
    first.poll();
    return first.count() == 1;
  }));
  // The first is still there, as after a kill; the second takes its name.
  Consumer second = consume(options);
  const std::int64_t begun_us = system_clock().monotonic_us();
  CHECK(wait_for([&] {
    second.poll();
    return second.count() == 1;
  }));
  CHECK(system_clock().monotonic_us() - begun_us < 10 * kSecondUs);
  CHECK(wait_for([&] { return !first.poll(); }));
  CHECK(first.error.find("another process has taken the instance_id: one") != std::string::npos);
}

}  // namespace
}  // namespace rtml
