#include "plugins/storage/redis/group_reading.h"

#include <algorithm>
#include <utility>

namespace rtml::redis {
namespace {

// Takes the replies out of that of EXEC.
std::vector<Reply> elements_of(const Reply& transaction) {
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < transaction->elements; ++i) {
    replies.emplace_back(std::exchange(transaction->element[i], nullptr));
  }
  return replies;
}

sdk::Result<std::vector<Reply>> read_at_once(const std::vector<std::string_view>& groups,
                                             const Layout& layout, Servers& servers,
                                             const Wait& wait) {
  const bool is_one = groups.size() == 1;
  Pipeline commands;
  if (!is_one) commands.add({"MULTI"});
  for (const std::string_view group : groups) commands.add({"HGETALL", layout.group_key(group)});
  if (!is_one) commands.add({"EXEC"});
  RTML_SDK_TRY_ASSIGN(std::vector<Reply> replies, servers.run(commands, wait));
  if (is_one) return replies;
  for (const Reply& reply : replies) RTML_SDK_TRY(check(*reply, servers.name()));
  const Reply executed = std::move(replies.back());
  if (executed->type != REDIS_REPLY_ARRAY || executed->elements != groups.size()) {
    return unexpected_reply("EXEC", servers.name());
  }
  return elements_of(executed);
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
