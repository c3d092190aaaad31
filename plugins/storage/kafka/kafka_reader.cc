#include "plugins/storage/kafka/kafka_reader.h"

#include <algorithm>

namespace rtml::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Cancellation is looked at this often.
constexpr int kSliceMs = 100;
constexpr std::size_t kPollBytesMax = std::size_t{16} << 20;
constexpr std::size_t kChunk = 64;
// A topic may be unknown while brokers restart and learn what they hold.
constexpr milliseconds kTopicMissingMax(10'000);
constexpr milliseconds kLookInterval(10'000);

std::int64_t ingest_time_us(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t time_ms = rd_kafka_message_timestamp(&message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : time_ms * 1'000;
}

}  // namespace

sdk::Result<std::unique_ptr<KafkaReader>> KafkaReader::open(KafkaSettings settings,
                                                            const sdk::Call& call) {
  std::unique_ptr<KafkaReader> reader(new KafkaReader());
  const bool in_group = !settings.group.empty();
  RTML_SDK_TRY_ASSIGN(reader->client_, KafkaClient::open(std::move(settings), reader.get()));
  RTML_SDK_TRY_ASSIGN(const std::int32_t count, reader->client_->partition_count(call));
  rd_kafka_t* client = reader->client_->get();
  rd_kafka_poll_set_consumer(client);
  reader->queue_ = rd_kafka_queue_get_consumer(client);
  reader->next_look_ = steady_clock::now() + kLookInterval;
  if (!in_group) {
    for (std::int32_t i = 0; i < count; ++i) reader->owned_[i] = {};
    reader->assignment_changed_ = reader->assignment_known_ = true;
    return reader;
  }
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  const std::string& topic = reader->client_->settings().topic;
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(client, topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return reader->client_->error_of(code, "cannot subscribe to topic: " + topic);
  }
  return reader;
}

KafkaReader::~KafkaReader() {
  held_.clear();
  if (queue_ != nullptr) rd_kafka_queue_destroy(queue_);
}

void KafkaReader::on_assigned(const rd_kafka_topic_partition_list_t& partitions) {
  owned_.clear();
  for (int i = 0; i < partitions.cnt; ++i) owned_[partitions.elems[i].partition] = {};
  assignment_changed_ = assignment_known_ = true;
  starts_changed_ = false;
}

void KafkaReader::on_revoked() {
  owned_.clear();
  assignment_changed_ = assignment_known_;
  starts_changed_ = false;
}

sdk::Result<sdk::Poll> KafkaReader::poll(std::int64_t limit, const sdk::Call& call) {
  held_.clear();
  messages_.clear();
  held_bytes_ = 0;
  RTML_SDK_TRY(apply_starts());
  sdk::Poll poll;
  while (true) {
    const std::int64_t left_ms = call.has_deadline() ? call.remaining_us() / 1'000 : 0;
    const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, kSliceMs));
    // A change is told without delay.
    RTML_SDK_TRY(take(limit, assignment_changed_ ? 0 : wait_ms));
    RTML_SDK_TRY(client_->check_fatal());
    look_at_topic();
    describe_messages();
    poll.messages = messages_;
    poll.assignment_changed = assignment_changed_;
    poll.ended = has_ended();
    if (!messages_.empty() || assignment_changed_ || poll.ended) return poll;
    if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
    if (!call.has_deadline() || call.remaining_us() < 1'000) break;
  }
  RTML_SDK_TRY(check_reachable());
  return poll;
}

sdk::Status KafkaReader::apply_starts() {
  if (!starts_changed_) return {};
  starts_changed_ = false;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(owned_.size())));
  const std::string& topic = client_->settings().topic;
  for (auto& [number, owned] : owned_) {
    if (!owned.is_started) continue;
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), number);
    entry->offset =
        owned.next_offset == sdk::kOffsetBeginning ? RD_KAFKA_OFFSET_BEGINNING : owned.next_offset;
    owned.end_seen = -1;
  }
  const rd_kafka_resp_err_t code = rd_kafka_assign(client_->get(), list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  starts_changed_ = true;
  return client_->error_of(code, "cannot start partitions of topic: " + topic);
}

sdk::Status KafkaReader::take(std::int64_t limit, int wait_ms) {
  rd_kafka_message_t* chunk[kChunk] = {};
  // The first one alone: a batch would be waited for until it is full.
  chunk[0] = rd_kafka_consumer_poll(client_->get(), wait_ms);
  ssize_t count = chunk[0] == nullptr ? 0 : 1;
  while (count > 0) {
    sdk::Status status;
    for (ssize_t i = 0; i < count; ++i) {
      std::unique_ptr<rd_kafka_message_t, MessageDeleter> message(chunk[i]);
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (status) status = take_event(*message);
        continue;
      }
      held_bytes_ += message->len + message->key_len;
      held_.push_back(std::move(message));
    }
    RTML_SDK_TRY(std::move(status));
    const std::int64_t room = limit - static_cast<std::int64_t>(held_.size());
    if (room <= 0 || held_bytes_ >= kPollBytesMax || assignment_changed_) return {};
    count = rd_kafka_consume_batch_queue(
        queue_, 0, chunk, static_cast<std::size_t>(std::min<std::int64_t>(room, kChunk)));
  }
  return {};
}

sdk::Status KafkaReader::take_event(const rd_kafka_message_t& event) {
  const auto owned = owned_.find(event.partition);
  const char* reason = rd_kafka_message_errstr(&event);
  switch (event.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (owned != owned_.end()) owned->second.end_seen = event.offset;
      return {};
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return {};  // The partitions are gone and come again, which is told as a change.
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      if (!topic_missing_since_) topic_missing_since_ = steady_clock::now();
      return {};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: {
      const std::int64_t wanted = owned == owned_.end() ? -1 : owned->second.next_offset;
      return sdk::fail(RTML_STATUS_NOT_FOUND,
                       "offset " + std::to_string(wanted) + " of partition " +
                           std::to_string(event.partition) + " is not in topic: " +
                           client_->settings().topic + " (" + (reason ? reason : "") + ")",
                       "the topic's retention has removed it, or the topic was made anew");
    }
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return client_->error_of(event.err, "cannot read topic: " + client_->settings().topic,
                               reason == nullptr ? "" : reason);
    default:
      // librdkafka goes on trying; if it fails for good, it says so.
      return {};
  }
}

void KafkaReader::describe_messages() {
  messages_.clear();
  for (const auto& held : held_) {
    const auto owned = owned_.find(held->partition);
    // Taken away since it came, or from before a start.
    if (owned == owned_.end() || !owned->second.is_started) continue;
    if (held->offset < owned->second.next_offset) continue;
    sdk::Message message = {};
    message.bytes = {held->payload, held->len};
    message.key = {held->key, held->key_len};
    message.offset = held->offset;
    message.ingest_time_us = ingest_time_us(*held);
    message.partition = held->partition;
    message.is_tombstone = held->payload == nullptr ? 1 : 0;
    owned->second.next_offset = held->offset + 1;
    messages_.push_back(message);
  }
  if (messages_.empty()) return;
  topic_missing_since_.reset();
  client_->set_reached();
}

sdk::Status KafkaReader::check_reachable() {
  if (!client_->is_down() && !topic_missing_since_) return {};
  auto count = client_->ask_partition_count(kSliceMs);
  if (!count) return std::move(count.error());
  if (*count > 0) {
    topic_missing_since_.reset();
    return {};
  }
  if (!topic_missing_since_) topic_missing_since_ = steady_clock::now();
  sdk::Error error =
      sdk::fail(RTML_STATUS_NOT_FOUND, "the topic is gone: " + client_->settings().topic);
  error.retryable = steady_clock::now() - *topic_missing_since_ < kTopicMissingMax;
  return error;
}

// Nothing comes from librdkafka when a topic is deleted under a reader, and nobody but a group
// tells of new partitions: one has to ask.
void KafkaReader::look_at_topic() {
  if (!client_->settings().follows) return;
  const auto now = steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + kLookInterval;
  const auto count = client_->ask_partition_count(kSliceMs);
  if (!count) return;  // Away: noticed where it matters.
  if (*count == 0 && !topic_missing_since_) topic_missing_since_ = now;
  if (!client_->settings().group.empty()) return;
  for (auto next = static_cast<std::int32_t>(owned_.size()); next < *count; ++next) {
    owned_[next] = {};
    assignment_changed_ = true;
  }
}

bool KafkaReader::has_ended() const {
  if (client_->settings().follows || !assignment_known_ || assignment_changed_) return false;
  return std::all_of(owned_.begin(), owned_.end(), [](const auto& entry) {
    return entry.second.is_started && entry.second.end_seen >= 0;
  });
}

sdk::Result<std::vector<sdk::Partition>> KafkaReader::assignment(const sdk::Call& /*call*/) {
  assignment_changed_ = false;
  std::vector<sdk::Partition> partitions;
  for (const auto& [number, owned] : owned_) {
    sdk::Partition partition;
    partition.partition = number;
    partition.is_started = owned.is_started;
    std::int64_t first = -1;
    std::int64_t end = -1;
    if (rd_kafka_get_watermark_offsets(client_->get(), client_->settings().topic.c_str(), number,
                                       &first, &end) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      partition.first_offset = std::max<std::int64_t>(first, -1);
      partition.end_offset = std::max<std::int64_t>(end, -1);
    }
    // The marks of transactions have offsets too: behind the last message there may be some.
    if (owned.end_seen >= 0 && owned.end_seen >= partition.end_offset && owned.next_offset >= 0) {
      partition.end_offset = owned.next_offset;
    }
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

sdk::Status KafkaReader::start(std::int32_t partition, std::int64_t offset,
                               const sdk::Call& /*call*/) {
  const auto owned = owned_.find(partition);
  if (owned == owned_.end()) {
    return sdk::fail(RTML_STATUS_INVALID_CALL,
                     "partition is not this reader's: " + std::to_string(partition));
  }
  owned->second.is_started = true;
  owned->second.next_offset = offset;
  starts_changed_ = true;
  return {};
}

sdk::Status KafkaReader::acknowledge(std::int32_t partition, std::int64_t next_offset,
                                     const sdk::Call& /*call*/) {
  if (client_->settings().group.empty() || owned_.find(partition) == owned_.end()) return {};
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  auto* entry =
      rd_kafka_topic_partition_list_add(list.get(), client_->settings().topic.c_str(), partition);
  entry->offset = next_offset;
  // Whether it arrives matters to nobody but those who watch.
  (void)rd_kafka_commit(client_->get(), list.get(), 1);
  return {};
}

}  // namespace rtml::kafka
