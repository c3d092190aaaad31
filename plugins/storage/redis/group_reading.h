// Groups as they are read from Redis.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/storage/redis/layout.h"
#include "plugins/storage/redis/servers.h"
#include "rtml/sdk/storage.h"

namespace rtml::redis {

// The replies that hold the fields of the groups, in their order; one round trip. On one server
// they belong to one moment.
sdk::Result<std::vector<Reply>> read_groups(const std::vector<std::string_view>& groups,
                                            const Layout& layout, Servers& servers,
                                            const Wait& wait);

// Adds the members that a reply with fields and values holds to the group that was added last, as
// views of the reply. Fails if it is another reply.
sdk::Status add_members(const redisReply& fields, const std::string& server, sdk::Groups* groups);

}  // namespace rtml::redis
