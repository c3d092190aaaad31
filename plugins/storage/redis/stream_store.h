// The stream capability over Redis Streams; options in stream_settings.h.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rtml/sdk/storage.h"

namespace rtml::redis {

class RedisStreamStore : public sdk::StreamStore {
 public:
  static sdk::Result<std::unique_ptr<RedisStreamStore>> open(const std::string& options,
                                                             const sdk::Call& call);
  // Names the streams; their ends are not known to one who does not read, since offsets have gaps.
  sdk::Result<std::vector<sdk::Partition>> partitions(const std::string& options,
                                                      const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::StreamReader>> open_reader(const std::string& options,
                                                              const sdk::Call& call) override;
};

}  // namespace rtml::redis
