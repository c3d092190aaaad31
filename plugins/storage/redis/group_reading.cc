#include "plugins/storage/redis/group_reading.h"

#include <algorithm>
#include <utility>

#include "plugins/storage/redis/scripts.h"

namespace rtml::redis {
namespace {

// Takes the replies out of that of the script.
std::vector<Reply> elements_of(const Reply& all) {
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < all->elements; ++i) {
    replies.emplace_back(std::exchange(all->element[i], nullptr));
  }
  return replies;
}

// By a script, since a server that is out of memory takes no MULTI, not even to read.
sdk::Result<std::vector<Reply>> read_at_once(const std::vector<std::string_view>& groups,
                                             const Layout& layout, Servers& servers,
                                             const Wait& wait) {
  Pipeline commands;
  if (groups.size() == 1) {
    commands.add({"HGETALL", layout.group_key(groups.front())});
    return servers.run(commands, wait);
  }
  std::vector<std::string> command = {"EVALSHA", read_script().hash, std::to_string(groups.size())};
  for (const std::string_view group : groups) command.push_back(layout.group_key(group));
  commands.add(command);
  RTML_SDK_TRY_ASSIGN(const std::vector<Reply> replies, servers.run(commands, wait));
  const Reply& read = replies.front();
  RTML_SDK_TRY(check(*read, servers.name()));
  if (read->type != REDIS_REPLY_ARRAY || read->elements != groups.size()) {
    return unexpected_reply("EVALSHA", servers.name());
  }
  return elements_of(read);
}

}  // namespace

sdk::Result<std::vector<Reply>> read_groups(const std::vector<std::string_view>& groups,
                                            const Layout& layout, Servers& servers,
                                            const Wait& wait) {
  if (groups.empty()) return std::vector<Reply>();
  if (!servers.is_cluster()) return read_at_once(groups, layout, servers, wait);
  std::vector<KeyedCommand> commands;
  for (const std::string_view group : groups) {
    std::string key = layout.group_key(group);
    const std::uint16_t slot = slot_of(key);
    commands.push_back({slot, {"HGETALL", std::move(key)}});
  }
  return servers.run(commands, wait);
}

sdk::Status add_members(const redisReply& fields, const std::string& server, sdk::Groups* groups) {
  RTML_SDK_TRY(check(fields, server));
  if (fields.type != REDIS_REPLY_ARRAY || fields.elements % 2 != 0) {
    return unexpected_reply("HGETALL", server);
  }
  std::vector<std::pair<std::string_view, std::string_view>> members;
  members.reserve(fields.elements / 2);
  for (std::size_t i = 0; i < fields.elements; i += 2) {
    const std::string_view field = text_of(*fields.element[i]);
    if (is_member_field(field)) {
      members.emplace_back(field.substr(1), text_of(*fields.element[i + 1]));
    }
  }
  std::sort(members.begin(), members.end());
  for (const auto& [name, value] : members) groups->add_member(name, value);
  return {};
}

}  // namespace rtml::redis
