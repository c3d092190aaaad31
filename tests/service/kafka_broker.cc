#include "tests/service/kafka_broker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "core/base/json.h"

namespace rtml::test {
namespace {

constexpr int kTimeoutMs = 30'000;

std::string script() {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  return std::string(root == nullptr ? "." : root) + "/scripts/kafka/broker";
}

using Client = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;
using Settings = std::vector<std::pair<const char*, std::string>>;

Client make_client(rd_kafka_type_t type, const std::string& brokers,
                   const Settings& settings = {}) {
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  char problem[512];
  rd_kafka_conf_set(configuration, "bootstrap.servers", brokers.c_str(), problem, sizeof problem);
  rd_kafka_conf_set(configuration, "log_level", "0", problem, sizeof problem);
  for (const auto& [name, value] : settings) {
    rd_kafka_conf_set(configuration, name, value.c_str(), problem, sizeof problem);
  }
  return {rd_kafka_new(type, configuration, problem, sizeof problem), &rd_kafka_destroy};
}

// Runs an administrative request and waits for its one result.
std::string administer(const std::string& brokers,
                       const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& request) {
  const Client client = make_client(RD_KAFKA_PRODUCER, brokers);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
  request(client.get(), queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kTimeoutMs);
  std::string error = event == nullptr ? "no answer" : "";
  if (event != nullptr && rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    error = rd_kafka_event_error_string(event);
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (event != nullptr && rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT) {
    results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(results[i]) == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    error = rd_kafka_err2str(rd_kafka_topic_result_error(results[i]));
  }
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  return error;
}

std::string produce_all(rd_kafka_t* client, const std::string& topic,
                        const std::vector<KafkaRecord>& records) {
  for (const KafkaRecord& record : records) {
    while (true) {
      const void* value = record.value ? record.value->data() : nullptr;
      const std::size_t size = record.value ? record.value->size() : 0;
      const rd_kafka_resp_err_t code = rd_kafka_producev(
          client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_VALUE(const_cast<void*>(value), size),
          RD_KAFKA_V_KEY(record.key.empty() ? nullptr : record.key.data(), record.key.size()),
          RD_KAFKA_V_TIMESTAMP(record.time_ms), RD_KAFKA_V_END);
      rd_kafka_poll(client, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
      if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) continue;
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_err2str(code);
      break;
    }
  }
  const rd_kafka_resp_err_t code = rd_kafka_flush(client, kTimeoutMs);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(code);
}

std::string text_of(rd_kafka_error_t* error) {
  if (error == nullptr) return "";
  std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  return text;
}

}  // namespace

std::string KafkaBroker::reason_to_skip() {
  const std::string command = script() + " fetch 2>&1";
  std::FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) return "cannot run " + script();
  std::string text;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, output) != nullptr) text += buffer;
  const int status = ::pclose(output);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  return text.empty() ? "cannot run " + script() : text;
}

bool KafkaBroker::start() {
  std::filesystem::create_directories(directory_);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::setpgid(0, 0);
    const int log =
        ::open((directory_ / "broker.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execl(script().c_str(), script().c_str(), "run", directory_.c_str(), nullptr);
    ::_exit(127);
  }
  // It answers when it can say what topics there are.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < give_up) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = -1;  // It has ended by itself: its number may be another process's soon.
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (!std::filesystem::exists(directory_ / "ports.json") || port("open") == 0) continue;
    const Client client = make_client(RD_KAFKA_PRODUCER, address());
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata(client.get(), 0, nullptr, &metadata, 1'000) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return true;
    }
  }
  return false;
}

void KafkaBroker::end(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  for (int i = 0; i < 200 && ::waitpid(pid_, nullptr, WNOHANG) == 0; ++i) {
    if (i == 150) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  pid_ = -1;
}

int KafkaBroker::port(std::string_view listener) const {
  std::ifstream file(directory_ / "ports.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto ports = parse_json(text, "ports");
  return ports ? ports->value(std::string(listener), 0) : 0;
}

std::string KafkaBroker::create_topic(const std::string& topic, int partitions) {
  return administer(address(), [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_NewTopic_t* request = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, nullptr, 0);
    rd_kafka_CreateTopics(client, &request, 1, nullptr, queue);
    rd_kafka_NewTopic_destroy(request);
  });
}

std::string KafkaBroker::delete_topic(const std::string& topic) {
  return administer(address(), [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopic_t* request = rd_kafka_DeleteTopic_new(topic.c_str());
    rd_kafka_DeleteTopics(client, &request, 1, nullptr, queue);
    rd_kafka_DeleteTopic_destroy(request);
  });
}

std::string KafkaBroker::add_partitions(const std::string& topic, int partitions) {
  return administer(address(), [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    char problem[512];
    rd_kafka_NewPartitions_t* request = rd_kafka_NewPartitions_new(
        topic.c_str(), static_cast<std::size_t>(partitions), problem, sizeof problem);
    rd_kafka_CreatePartitions(client, &request, 1, nullptr, queue);
    rd_kafka_NewPartitions_destroy(request);
  });
}

std::string KafkaBroker::delete_records(const std::string& topic, std::int32_t partition,
                                        std::int64_t offset) {
  return administer(address(), [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_DeleteRecords(client, &request, 1, nullptr, queue);
    rd_kafka_DeleteRecords_destroy(request);
  });
}

std::string KafkaBroker::produce(const std::string& topic,
                                 const std::vector<KafkaRecord>& records) {
  const Client client = make_client(RD_KAFKA_PRODUCER, address(),
                                    {{"linger.ms", "5"}, {"message.max.bytes", "12000000"}});
  return produce_all(client.get(), topic, records);
}

std::string KafkaBroker::produce_transaction(const std::string& topic,
                                             const std::vector<KafkaRecord>& records,
                                             bool commits) {
  const Client client =
      make_client(RD_KAFKA_PRODUCER, address(), {{"transactional.id", "rtml-test"}});
  std::string error = text_of(rd_kafka_init_transactions(client.get(), kTimeoutMs));
  if (error.empty()) error = text_of(rd_kafka_begin_transaction(client.get()));
  if (error.empty()) error = produce_all(client.get(), topic, records);
  if (!error.empty()) return error;
  return text_of(commits ? rd_kafka_commit_transaction(client.get(), kTimeoutMs)
                         : rd_kafka_abort_transaction(client.get(), kTimeoutMs));
}

std::int64_t KafkaBroker::committed_offset(const std::string& group, const std::string& topic,
                                           std::int32_t partition) {
  const Client client = make_client(RD_KAFKA_CONSUMER, address(), {{"group.id", group}});
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition);
  rd_kafka_committed(client.get(), list, kTimeoutMs);
  const std::int64_t offset = list->elems[0].offset;
  rd_kafka_topic_partition_list_destroy(list);
  return offset < 0 ? -1 : offset;
}

}  // namespace rtml::test
