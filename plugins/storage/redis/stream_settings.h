// What a user writes to name streams of a Redis server. Options: those of a connection (options.h)
// and
//   stream    the key of a stream
//   streams   several of them: partition 0 is the first, so new ones go behind the others
//   field     the field of an entry that holds the message; without it the only one there is
//   follow    true: wait for more; false: end with the last entry
//   group     a consumer group that shows how far reading has come; decides nothing

#pragma once

#include <string>
#include <vector>

#include "plugins/storage/redis/options.h"

namespace rtml::redis {

struct StreamSettings {
  ConnectionOptions connection;
  std::vector<std::string> streams;
  std::string field;  // Empty: an entry has one.
  bool follows = true;
  std::string group;  // Empty: none.
};

// Fails with kBadValue naming the option.
Result<StreamSettings> read_stream_settings(const std::string& options);

}  // namespace rtml::redis
