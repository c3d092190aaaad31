#include "plugins/storage/kafka/kafka_client.h"

#include <chrono>
#include <future>
#include <thread>

#include "plugins/shared/core_errors.h"

namespace rtml::kafka {
namespace {

constexpr std::int64_t kOpenTimeoutUs = 10'000'000;
constexpr int kSliceMs = 100;
// A broker that has just started may not know its topics yet.
constexpr std::int64_t kUnknownTopicGraceUs = 2'000'000;
constexpr int kCloseTimeoutMs = 3'000;

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool is_refusal(int code) {
  return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL ||
         code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM;
}

bool is_unauthorized(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

// librdkafka 2.0 waits for ever for a partition whose topic was deleted while it was read. Such a
// client is left behind: nothing refers to it any more.
void destroy(rd_kafka_t* client) {
  auto is_destroyed = std::make_shared<std::promise<void>>();
  std::future<void> destroyed = is_destroyed->get_future();
  std::thread([client, is_destroyed] {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    is_destroyed->set_value_at_thread_exit();
  }).detach();
  destroyed.wait_for(std::chrono::milliseconds(kCloseTimeoutMs));
}

}  // namespace

sdk::Result<std::unique_ptr<KafkaClient>> KafkaClient::open(KafkaSettings settings,
                                                            AssignmentListener* listener) {
  Result<Configuration> configuration = make_configuration(settings);
  if (!configuration) return plugins::to_sdk(configuration.error());
  std::unique_ptr<KafkaClient> client(new KafkaClient(std::move(settings), listener));
  rd_kafka_conf_set_opaque(configuration->get(), client.get());
  rd_kafka_conf_set_error_cb(configuration->get(), &KafkaClient::on_error);
  // librdkafka writes to standard error by default, which is not a plugin's.
  rd_kafka_conf_set_log_cb(configuration->get(),
                           [](const rd_kafka_t*, int, const char*, const char*) {});
  if (listener != nullptr && !client->settings_.group.empty()) {
    rd_kafka_conf_set_rebalance_cb(configuration->get(), &KafkaClient::on_rebalance);
  }
  char problem[512] = {};
  client->client_ = rd_kafka_new(RD_KAFKA_CONSUMER, configuration->get(), problem, sizeof problem);
  if (client->client_ == nullptr) {
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                     "cannot make a Kafka client: " + redacted(problem, client->settings_));
  }
  (void)configuration->release();  // Is the client's now.
  return client;
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) return;
  listener_ = nullptr;
  // Says good-bye to the group, but not for longer than a broker that is away deserves.
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_);
  if (rd_kafka_error_t* error = rd_kafka_consumer_close_queue(client_, queue); error != nullptr) {
    rd_kafka_error_destroy(error);
  } else {
    const std::int64_t give_up_us = monotonic_us() + kCloseTimeoutMs * 1'000;
    while (rd_kafka_consumer_closed(client_) == 0 && monotonic_us() < give_up_us) {
      rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kSliceMs);
      if (event == nullptr) continue;
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) rd_kafka_assign(client_, nullptr);
      rd_kafka_event_destroy(event);
    }
  }
  rd_kafka_queue_destroy(queue);
  destroy(client_);
}

void KafkaClient::on_error(rd_kafka_t* /*client*/, int code, const char* reason, void* opaque) {
  auto* self = static_cast<KafkaClient*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    self->is_down_ = true;
    return;
  }
  self->last_reason_ = redacted(reason == nullptr ? "" : reason, self->settings_);
  // A handshake that a restarting broker breaks off looks like a refusal; one that comes before any
  // answer is taken for what it says.
  if (is_refusal(code) && !self->was_reached_) self->refusal_ = self->last_reason_;
}

void KafkaClient::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* self = static_cast<KafkaClient*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && self->listener_ != nullptr) {
    self->listener_->on_assigned(*partitions);
    // Nothing is read before the host has said from where.
    const PartitionList none(rd_kafka_topic_partition_list_new(0));
    rd_kafka_assign(client, none.get());
    return;
  }
  if (self->listener_ != nullptr) self->listener_->on_revoked();
  rd_kafka_assign(client, nullptr);
}

sdk::Result<std::int32_t> KafkaClient::ask_partition_count(int timeout_ms) {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client_, settings_.topic.c_str(), nullptr);
  if (topic == nullptr) {
    return error_of(rd_kafka_last_error(), "cannot read topic: " + settings_.topic);
  }
  const struct rd_kafka_metadata* metadata = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client_, 0, topic, &metadata, timeout_ms);
  rd_kafka_topic_destroy(topic);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return unreachable();
  is_down_ = false;
  was_reached_ = true;
  std::int32_t count = 0;
  rd_kafka_resp_err_t topic_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (settings_.topic != metadata->topics[i].topic) continue;
    topic_code = metadata->topics[i].err;
    count = metadata->topics[i].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  if (topic_code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::int32_t{0};
  if (topic_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(topic_code, "cannot read topic: " + settings_.topic);
  }
  return count;
}

sdk::Result<std::int32_t> KafkaClient::partition_count(const sdk::Call& call) {
  const std::int64_t begun_us = monotonic_us();
  const std::int64_t give_up_us =
      begun_us + (call.has_deadline() ? call.remaining_us() : kOpenTimeoutUs);
  while (true) {
    sdk::Result<std::int32_t> count = ask_partition_count(kSliceMs);
    rd_kafka_poll(client_, 0);
    RTML_SDK_TRY(check_fatal());
    if (count && *count > 0) return count;
    if (!count && !count.error().retryable) return count;
    if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
    const std::int64_t now_us = monotonic_us();
    if (count && (now_us > begun_us + kUnknownTopicGraceUs || now_us >= give_up_us)) {
      return sdk::fail(
          RTML_STATUS_NOT_FOUND,
          "no such topic: " + settings_.topic + " (brokers: " + settings_.brokers + ")",
          "make the topic first; reading makes none");
    }
    if (now_us >= give_up_us) return unreachable();
    std::this_thread::sleep_for(std::chrono::milliseconds(count ? kSliceMs : 0));
  }
}

sdk::Status KafkaClient::check_fatal() const {
  if (!refusal_.empty()) {
    return sdk::fail(RTML_STATUS_IO, "the brokers refuse this client: " + refusal_,
                     "look at security_protocol, the ssl_… and the sasl_… options");
  }
  char reason[512] = {};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client_, reason, sizeof reason);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
    return sdk::fail(RTML_STATUS_FAILED,
                     "another process has taken the instance_id: " + settings_.instance_id,
                     "each process of a group needs an instance_id of its own");
  }
  return error_of(code, "Kafka gives up", reason);
}

sdk::Error KafkaClient::unreachable() const {
  sdk::Error error = sdk::fail(RTML_STATUS_IO,
                               "the brokers cannot be reached: " + settings_.brokers +
                                   (last_reason_.empty() ? "" : " (" + last_reason_ + ")"),
                               "start them, or look at the option brokers");
  error.retryable = true;
  return error;
}

sdk::Error KafkaClient::error_of(rd_kafka_resp_err_t code, const std::string& doing,
                                 const std::string& detail) const {
  const std::string reason = detail.empty() ? rd_kafka_err2str(code) : detail;
  sdk::Error error = sdk::fail(RTML_STATUS_IO, doing + " (" + redacted(reason, settings_) + ")");
  if (is_unauthorized(code)) {
    error.help = "this user may not do that; ask who grants rights on the brokers";
    return error;
  }
  error.retryable = rd_kafka_fatal_error(client_, nullptr, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
  return error;
}

}  // namespace rtml::kafka
