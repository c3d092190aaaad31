#include "plugins/storage/redis/stream_info.h"

namespace rtml::redis {
namespace {

// The value of a name in a flat list of names and values; null if it is absent.
const redisReply* find(const redisReply& list, std::string_view name) {
  if (list.type != REDIS_REPLY_ARRAY) return nullptr;
  for (std::size_t i = 0; i + 1 < list.elements; i += 2) {
    if (text_of(*list.element[i]) == name) return list.element[i + 1];
  }
  return nullptr;
}

std::optional<std::int64_t> integer_at(const redisReply& list, std::string_view name) {
  const redisReply* const value = find(list, name);
  if (value == nullptr || value->type != REDIS_REPLY_INTEGER) return std::nullopt;
  return value->integer;
}

std::optional<StreamId> id_at(const redisReply& list, std::string_view name) {
  const redisReply* value = find(list, name);
  if (value == nullptr) return std::nullopt;
  // An entry starts with its id.
  if (value->type == REDIS_REPLY_ARRAY && value->elements > 0) value = value->element[0];
  return StreamId::parse(text_of(*value));
}

}  // namespace

sdk::Result<std::optional<StreamInfo>> read_stream_info(const redisReply& reply,
                                                        const std::string& server) {
  if (is_error(reply) && text_of(reply).find("no such key") != std::string_view::npos) {
    return std::optional<StreamInfo>();
  }
  RTML_SDK_TRY(check(reply, server));
  const auto length = integer_at(reply, "length");
  const auto last = id_at(reply, "last-generated-id");
  if (!length || !last) return unexpected_reply("XINFO STREAM", server);
  StreamInfo info;
  info.length = *length;
  info.last_generated = *last;
  info.max_deleted = id_at(reply, "max-deleted-entry-id").value_or(StreamId());
  info.first = id_at(reply, "first-entry");
  info.added = integer_at(reply, "entries-added");
  return std::optional<StreamInfo>(info);
}

std::optional<std::int64_t> entries_read(const redisReply& reply, std::string_view group,
                                         const StreamId& last) {
  if (reply.type != REDIS_REPLY_ARRAY) return std::nullopt;
  for (std::size_t i = 0; i < reply.elements; ++i) {
    const redisReply* const name = find(*reply.element[i], "name");
    if (name == nullptr || text_of(*name) != group) continue;
    if (id_at(*reply.element[i], "last-delivered-id") != last) return std::nullopt;
    return integer_at(*reply.element[i], "entries-read");
  }
  return std::nullopt;
}

}  // namespace rtml::redis
