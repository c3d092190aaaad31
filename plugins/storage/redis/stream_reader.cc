#include "plugins/storage/redis/stream_reader.h"

#include <algorithm>

#include "core/base/json.h"
#include "plugins/storage/redis/slots.h"

namespace rtml::redis {
namespace {

using std::chrono::steady_clock;

// A server that is asked to wait answers this much before the caller's time is over.
constexpr std::int64_t kBlockMarginUs = 20'000;
constexpr std::int64_t kBlockUs = 100'000;
// A cluster cannot be asked to wait for several of its nodes at once.
constexpr std::int64_t kClusterPauseUs = 5'000;
constexpr std::chrono::seconds kLookInterval(1);
// A server that is away is not waited for at the end.
constexpr std::int64_t kFarewellUs = 500'000;
constexpr std::int64_t kCountMax = 4'096;
constexpr std::size_t kPollBytesMax = std::size_t{16} << 20;
constexpr std::size_t kPollBytesFew = std::size_t{2} << 20;

std::size_t bytes_of(const redisReply& reply) {
  std::size_t bytes = reply.len;
  for (std::size_t i = 0; reply.type == REDIS_REPLY_ARRAY && i < reply.elements; ++i) {
    bytes += bytes_of(*reply.element[i]);
  }
  return bytes;
}

bool is_entry(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY && reply.elements == 2 &&
         StreamId::parse(text_of(*reply.element[0])).has_value();
}

StreamId id_of(const redisReply& entry) {
  return *StreamId::parse(text_of(*entry.element[0]));
}

}  // namespace

RedisStreamReader::RedisStreamReader(StreamSettings settings, std::unique_ptr<Servers> servers)
    : settings_(std::move(settings)), servers_(std::move(servers)) {
  for (const std::string& key : settings_.streams) {
    streams_.emplace_back();
    streams_.back().key = key;
  }
}

sdk::Result<std::unique_ptr<RedisStreamReader>> RedisStreamReader::open(StreamSettings settings,
                                                                        const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(auto servers, Servers::make(settings.connection, {}));
  std::unique_ptr<RedisStreamReader> reader(
      new RedisStreamReader(std::move(settings), std::move(servers)));
  const Wait wait = reader->patience(call);
  for (Stream& stream : reader->streams_) {
    RTML_SDK_TRY(reader->look(stream, wait));
    if (!stream.info) {
      return sdk::fail(RTML_STATUS_NOT_FOUND,
                       "no such stream: " + stream.key + " on " + reader->servers_->name(),
                       "the first XADD makes it, or XGROUP CREATE KEY GROUP $ MKSTREAM");
    }
    if (reader->settings_.group.empty()) continue;
    // A group that is there already is as good; whatever else is wrong matters to nobody but those
    // who watch.
    (void)reader->ask(stream, {"XGROUP", "CREATE", stream.key, reader->settings_.group, "0"}, wait);
  }
  return reader;
}

RedisStreamReader::~RedisStreamReader() {
  rtml_call call = {};
  call.struct_size = sizeof call;
  call.is_cancelled = [](const rtml_call*) -> std::int32_t { return 0; };
  tell_group(servers_->wait_for(sdk::Call(&call)).at_most(kFarewellUs));
}

// A server may need longer than one poll waits for messages.
Wait RedisStreamReader::patience(const sdk::Call& call) const {
  return servers_->wait_for(call).at_least(settings_.connection.timeout_us);
}

sdk::Result<Reply> RedisStreamReader::ask(const Stream& stream, std::vector<std::string> words,
                                          const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(std::vector<Reply> replies,
                      servers_->run_all({{slot_of(stream.key), std::move(words)}}, wait));
  return std::move(replies.front());
}

// ---- where to go on ----

sdk::Status RedisStreamReader::start(std::int32_t partition, std::int64_t offset,
                                     const sdk::Call& /*call*/) {
  if (partition < 0 || static_cast<std::size_t>(partition) >= streams_.size()) {
    return sdk::fail(RTML_STATUS_INVALID_CALL,
                     "partition is not this reader's: " + std::to_string(partition));
  }
  Stream& stream = streams_[static_cast<std::size_t>(partition)];
  stream.is_started = true;
  stream.is_placed = false;
  stream.is_at_end = false;
  stream.next_offset = offset;
  stream.last.reset();
  stream.ordinal.reset();
  return {};
}

sdk::Status RedisStreamReader::place(Stream& stream, const Wait& wait) {
  if (stream.is_placed) return {};
  if (stream.next_offset > 0) {
    RTML_SDK_TRY(place_behind(stream, plain_id(stream.next_offset - 1), wait));
  }
  RTML_SDK_TRY(look(stream, wait));
  if (stream.next_offset > 0) {
    const auto newest = stream.info ? offset_of(stream.info->last_generated) : std::nullopt;
    if (!stream.info || (newest && *newest < stream.next_offset - 1)) {
      stream.last = plain_id(stream.next_offset - 1);
      return lost(stream, stream.info ? "the stream is younger" : "the stream is gone");
    }
  }
  if (!stream.last && stream.next_offset > 0) {
    // Nothing at or before the place is left. Either the message that is wanted is the first one,
    // or the counters must tell.
    const auto first = stream.info && stream.info->first ? offset_of(*stream.info->first)
                                                         : std::optional<std::int64_t>();
    if (first != stream.next_offset) {
      stream.last = plain_id(stream.next_offset - 1);
      if (!settings_.group.empty()) {
        RTML_SDK_TRY_ASSIGN(const Reply groups, ask(stream, {"XINFO", "GROUPS", stream.key}, wait));
        stream.ordinal = entries_read(*groups, settings_.group, *stream.last);
      }
      RTML_SDK_TRY(check_gap(stream, wait));
    }
  }
  stream.is_placed = true;
  return {};
}

// Sets `last` to the entry behind which the wanted offset lies: the last one that is not behind it.
sdk::Status RedisStreamReader::place_behind(Stream& stream, const StreamId& wanted,
                                            const Wait& wait) {
  StreamId bound = wanted;
  // Once again where the number of an earlier millisecond has run over into the wanted one.
  for (int round = 0; round < 2; ++round) {
    RTML_SDK_TRY_ASSIGN(
        const Reply reply,
        ask(stream, {"XREVRANGE", stream.key, bound.text(), "-", "COUNT", "1"}, wait));
    RTML_SDK_TRY(check(*reply, servers_->name()));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements > 1) {
      return unexpected_reply("XREVRANGE", servers_->name());
    }
    if (reply->elements == 0) return {};
    if (!is_entry(*reply->element[0])) return unexpected_reply("XREVRANGE", servers_->name());
    const StreamId found = id_of(*reply->element[0]);
    const auto offset = offset_of(found);
    if (!offset || *offset < stream.next_offset) {
      stream.last = found;
      return {};
    }
    const auto number =
        static_cast<std::uint64_t>(stream.next_offset - 1) - (found.milliseconds << kNumberBits);
    bound = {found.milliseconds, number};
  }
  return {};
}

// Asks what the stream is now; `info` is empty if it is gone.
sdk::Status RedisStreamReader::look(Stream& stream, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(const Reply reply, ask(stream, {"XINFO", "STREAM", stream.key}, wait));
  RTML_SDK_TRY_ASSIGN(stream.info, read_stream_info(*reply, servers_->name()));
  count_from(stream);
  return {};
}

// Learns how many entries there were up to the last one read, where the stream tells.
void RedisStreamReader::count_from(Stream& stream) const {
  if (!stream.info) return;
  const StreamInfo& info = *stream.info;
  if (!stream.last) {
    if (stream.next_offset == sdk::kOffsetBeginning) stream.ordinal = info.removed();
  } else if (info.added && info.last_generated == *stream.last) {
    stream.ordinal = info.added;
  } else if (info.first == stream.last && info.removed()) {
    stream.ordinal = *info.removed() + 1;
  }
}

sdk::Error RedisStreamReader::lost(const Stream& stream, const std::string& why) const {
  return sdk::fail(RTML_STATUS_NOT_FOUND,
                   "what comes after entry " + stream.last->text() +
                       " is not in stream: " + stream.key + " (" + why + ")",
                   "the stream was trimmed before rtml had read it, or made anew; a longer MAXLEN "
                   "or MINID keeps entries, --from-beginning reads what is left");
}

// The last entry read is not there any more: was anything after it removed as well?
sdk::Status RedisStreamReader::check_gap(Stream& stream, const Wait& wait) {
  const auto ordinal = stream.ordinal;
  RTML_SDK_TRY(look(stream, wait));
  if (!stream.info) return lost(stream, "the stream is gone");
  const StreamInfo& info = *stream.info;
  if (info.last_generated < *stream.last) return lost(stream, "the stream is younger");
  if (info.last_generated == *stream.last) return {};
  if (info.first && *info.first < *stream.last) return {};  // Deleted, not trimmed.
  const auto removed = info.removed();
  if (ordinal && removed && *removed <= *ordinal) return {};
  return lost(stream, info.first ? "it begins at " + info.first->text() : "it is empty");
}

// ---- reading ----

sdk::Result<sdk::Poll> RedisStreamReader::poll(std::int64_t limit, const sdk::Call& call) {
  held_.clear();
  texts_.clear();
  messages_.clear();
  const Wait wait = patience(call);
  sdk::Poll poll;
  while (true) {
    if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
    tell_group(wait);
    const sdk::Status read = read_all(limit, wait);
    // What was read is given first; what went wrong goes wrong again.
    if (!read && messages_.empty()) return read.error();
    poll.messages = messages_;
    poll.assignment_changed = assignment_changed_;
    poll.ended = has_ended();
    if (!messages_.empty() || assignment_changed_ || poll.ended) return poll;
    if (!call.has_deadline() || call.remaining_us() < 1'000) return poll;
    RTML_SDK_TRY(wait_for_more(wait, call));
  }
}

sdk::Status RedisStreamReader::read_all(std::int64_t limit, const Wait& wait) {
  RTML_SDK_TRY(look_when_due(wait));
  std::vector<std::size_t> turn;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::size_t index = (turn_ + i) % streams_.size();
    if (!streams_[index].is_started) continue;
    if (std::ssize(turn) < limit) turn.push_back(index);
  }
  turn_ = turn.empty() ? 0 : (turn.back() + 1) % streams_.size();
  std::vector<KeyedCommand> commands;
  for (const std::size_t index : turn) {
    Stream& stream = streams_[index];
    RTML_SDK_TRY(place(stream, wait));
    const std::int64_t room = std::max<std::int64_t>(limit / std::ssize(turn), 1);
    const std::int64_t count = std::min(stream.count, room) + (stream.last ? 1 : 0);
    commands.push_back({slot_of(stream.key),
                        {"XRANGE", stream.key, stream.last ? stream.last->text() : "-", "+",
                         "COUNT", std::to_string(count)}});
  }
  if (commands.empty()) return {};
  RTML_SDK_TRY_ASSIGN(std::vector<Reply> replies, servers_->run_all(commands, wait));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    // Messages point into it, also into one that turns out to be wrong further on.
    held_.push_back(std::move(replies[i]));
    RTML_SDK_TRY(take(streams_[turn[i]], *held_.back(), wait));
  }
  return {};
}

sdk::Status RedisStreamReader::take(Stream& stream, const redisReply& reply, const Wait& wait) {
  RTML_SDK_TRY(check(reply, servers_->name()));
  if (reply.type != REDIS_REPLY_ARRAY) return unexpected_reply("XRANGE", servers_->name());
  for (std::size_t i = 0; i < reply.elements; ++i) {
    if (!is_entry(*reply.element[i])) return unexpected_reply("XRANGE", servers_->name());
  }
  std::size_t begin = 0;
  if (stream.last) {
    if (reply.elements > 0 && id_of(*reply.element[0]) == *stream.last) {
      begin = 1;
    } else {
      RTML_SDK_TRY(check_gap(stream, wait));
    }
  }
  stream.is_at_end = begin == reply.elements;
  const std::size_t bytes = bytes_of(reply);
  if (bytes > kPollBytesMax) stream.count = std::max<std::int64_t>(stream.count / 4, 1);
  if (bytes < kPollBytesFew) stream.count = std::min<std::int64_t>(stream.count * 2, kCountMax);
  for (std::size_t i = begin; i < reply.elements; ++i) {
    RTML_SDK_TRY(take_entry(stream, *reply.element[i]));
  }
  return {};
}

sdk::Status RedisStreamReader::take_entry(Stream& stream, const redisReply& entry) {
  const StreamId id = id_of(entry);
  const auto offset = offset_of(id);
  if (!offset || *offset < stream.next_offset) {
    return sdk::fail(
        RTML_STATUS_UNSUPPORTED,
        "an entry's id stands for no offset: " + id.text() + " of stream " + stream.key,
        "ids are milliseconds since 1970 and a number, as XADD * gives them");
  }
  sdk::Message message = {};
  const redisReply& fields = *entry.element[1];
  const std::string_view bytes = message_of(fields);
  message.bytes = {bytes.data(), bytes.size()};
  message.offset = *offset;
  message.ingest_time_us = static_cast<std::int64_t>(id.milliseconds) * 1'000;
  message.partition = number_of(stream);
  messages_.push_back(message);
  stream.last = id;
  stream.next_offset = *offset + 1;
  if (stream.ordinal) ++*stream.ordinal;
  return {};
}

// The message in an entry: the field that the settings name, or the only one. An entry of another
// shape is an object of its fields, so that nothing of it is lost wherever it goes.
std::string_view RedisStreamReader::message_of(const redisReply& fields) {
  const std::size_t count = fields.type == REDIS_REPLY_ARRAY ? fields.elements / 2 : 0;
  if (settings_.field.empty() && count == 1) return text_of(*fields.element[1]);
  Json object = Json::object();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = text_of(*fields.element[2 * i]);
    const std::string_view value = text_of(*fields.element[2 * i + 1]);
    if (name == settings_.field && !settings_.field.empty()) return value;
    object[std::string(name)] = std::string(value);
  }
  texts_.push_back(to_json_text(object));
  return texts_.back();
}

sdk::Status RedisStreamReader::wait_for_more(const Wait& wait, const sdk::Call& call) {
  const std::int64_t left_us = call.remaining_us();
  std::vector<const Stream*> waiting;
  for (const Stream& stream : streams_) {
    if (stream.is_started) waiting.push_back(&stream);
  }
  if (servers_->is_cluster() || waiting.empty() || left_us < 2 * kBlockMarginUs) {
    const sdk::Status paused = wait.at_most(left_us).pause(std::min(left_us, kClusterPauseUs));
    // That the time is over is no failure.
    if (!paused && paused.error().status != RTML_STATUS_TIMEOUT) return paused;
    return {};
  }
  const std::int64_t block_us = std::min(left_us - kBlockMarginUs, kBlockUs);
  std::vector<std::string> words = {
      "XREAD",  "COUNT", "1", "BLOCK", std::to_string(std::max<std::int64_t>(block_us / 1'000, 1)),
      "STREAMS"};
  for (const Stream* stream : waiting) words.push_back(stream->key);
  for (const Stream* stream : waiting) {
    words.push_back(stream->last ? stream->last->text() : "0-0");
  }
  Pipeline pipeline;
  pipeline.add(words);
  RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run(pipeline, wait));
  return check(*replies.front(), servers_->name());
}

bool RedisStreamReader::has_ended() const {
  if (settings_.follows || assignment_changed_) return false;
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const Stream& stream) { return stream.is_started && stream.is_at_end; });
}

// ---- for those who watch ----

sdk::Status RedisStreamReader::look_when_due(const Wait& wait) {
  const auto now = steady_clock::now();
  if (now < next_look_) return {};
  for (Stream& stream : streams_) {
    if (stream.is_started && stream.is_placed) RTML_SDK_TRY(look(stream, wait));
  }
  next_look_ = now + kLookInterval;
  return {};
}

sdk::Result<std::vector<sdk::Partition>> RedisStreamReader::assignment(const sdk::Call& /*call*/) {
  assignment_changed_ = false;
  std::vector<sdk::Partition> partitions;
  for (const Stream& stream : streams_) {
    sdk::Partition partition;
    partition.partition = number_of(stream);
    partition.is_started = stream.is_started;
    partition.name = stream.key;
    // Offsets have gaps, so the end is set as far behind the next one as entries are to come.
    const bool is_known = stream.info && stream.is_placed && stream.next_offset >= 0;
    if (is_known && stream.last && stream.info->last_generated == *stream.last) {
      partition.end_offset = stream.next_offset;
    } else if (is_known && stream.ordinal && stream.info->added) {
      partition.end_offset =
          stream.next_offset + std::max<std::int64_t>(*stream.info->added - *stream.ordinal, 0);
    }
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

sdk::Status RedisStreamReader::acknowledge(std::int32_t partition, std::int64_t next_offset,
                                           const sdk::Call& /*call*/) {
  if (settings_.group.empty() || next_offset <= 0 || partition < 0 ||
      static_cast<std::size_t>(partition) >= streams_.size()) {
    return {};
  }
  // Told with the next poll, since this call must not wait.
  streams_[static_cast<std::size_t>(partition)].acknowledged = next_offset;
  return {};
}

void RedisStreamReader::tell_group(const Wait& wait) {
  for (Stream& stream : streams_) {
    if (!stream.acknowledged) continue;
    const std::int64_t offset = *std::exchange(stream.acknowledged, std::nullopt);
    const bool is_last = stream.last && offset == stream.next_offset;
    std::vector<std::string> words = {"XGROUP", "SETID", stream.key, settings_.group,
                                      is_last ? stream.last->text() : plain_id(offset - 1).text()};
    if (is_last && stream.ordinal) {
      words.insert(words.end(), {"ENTRIESREAD", std::to_string(*stream.ordinal)});
    }
    (void)ask(stream, std::move(words), wait);
  }
}

}  // namespace rtml::redis
