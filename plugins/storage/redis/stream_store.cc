#include "plugins/storage/redis/stream_store.h"

#include "plugins/shared/core_errors.h"
#include "plugins/storage/redis/stream_reader.h"

namespace rtml::redis {

sdk::Result<std::unique_ptr<RedisStreamStore>> RedisStreamStore::open(
    const std::string& /*options*/, const sdk::Call& /*call*/) {
  return std::make_unique<RedisStreamStore>();
}

sdk::Result<std::vector<sdk::Partition>> RedisStreamStore::partitions(const std::string& options,
                                                                      const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(StreamSettings settings, plugins::to_sdk(read_stream_settings(options)));
  settings.group.clear();  // Looking on makes no group.
  RTML_SDK_TRY_ASSIGN(const auto reader, RedisStreamReader::open(std::move(settings), call));
  return reader->assignment(call);
}

sdk::Result<std::unique_ptr<sdk::StreamReader>> RedisStreamStore::open_reader(
    const std::string& options, const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(StreamSettings settings, plugins::to_sdk(read_stream_settings(options)));
  RTML_SDK_TRY_ASSIGN(auto reader, RedisStreamReader::open(std::move(settings), call));
  return std::unique_ptr<sdk::StreamReader>(std::move(reader));
}

}  // namespace rtml::redis
