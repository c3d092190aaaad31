// What a server tells of a stream and its consumer groups (XINFO).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/storage/redis/reply.h"
#include "plugins/storage/redis/stream_id.h"

namespace rtml::redis {

struct StreamInfo {
  std::int64_t length = 0;
  StreamId last_generated;
  StreamId max_deleted;               // By XDEL; trimming leaves it alone.
  std::optional<StreamId> first;      // Nothing: the stream is empty.
  std::optional<std::int64_t> added;  // Entries ever added; nothing before Redis 7.

  // How many entries were there before the first one. Nothing if that cannot be told: the server is
  // too old, or entries were deleted from the middle.
  std::optional<std::int64_t> removed() const {
    if (!added || (first && max_deleted >= *first)) return std::nullopt;
    return *added - length;
  }
};

// Reads the reply of XINFO STREAM. Nothing if there is no such stream; fails for other errors.
sdk::Result<std::optional<StreamInfo>> read_stream_info(const redisReply& reply,
                                                        const std::string& server);

// How many entries a group has read, out of the reply of XINFO GROUPS, if its last one is `last`.
std::optional<std::int64_t> entries_read(const redisReply& reply, std::string_view group,
                                         const StreamId& last);

}  // namespace rtml::redis
