#include "plugins/storage/redis/redis_store.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/json.h"
#include "plugins/shared/core_errors.h"
#include "plugins/shared/online_names.h"
#include "plugins/storage/redis/group_reading.h"
#include "plugins/storage/redis/redis_transaction.h"
#include "plugins/storage/redis/scripts.h"

namespace rtml::redis {
namespace {

// Names that a scan asks each bucket for beyond its even share, since shares are not even.
constexpr std::int64_t kSpareNames = 8;
constexpr std::int64_t kNamesMax = 100'000;

struct StoreOptions {
  ConnectionOptions connection;
  std::string prefix = "rtml";
};

Result<StoreOptions> read_options(const std::string& text) {
  RTML_TRY_ASSIGN(Json json, parse_json(text, "options"));
  StoreOptions options;
  RTML_TRY_ASSIGN(options.connection, take_connection_options(json));
  if (const auto prefix = json.find("prefix"); prefix != json.end()) {
    if (!prefix->is_string() || prefix->get_ref<const std::string&>().empty() ||
        prefix->get_ref<const std::string&>().find_first_of("{}") != std::string::npos) {
      return fail(ErrorCode::kBadValue, "option of redis must be a text without { and }: prefix");
    }
    options.prefix = prefix->get<std::string>();
    json.erase(prefix);
  }
  if (!json.empty()) {
    return fail(Error(ErrorCode::kBadValue, "option of redis makes no sense: " + json.begin().key())
                    .with_help("the options are: address, addresses, cluster, database, "
                               "password, password_env, password_file, prefix, timeout, tls, "
                               "username"));
  }
  return options;
}

// The smallest text that is greater than every text with this prefix, in the notation of
// ZRANGEBYLEX.
std::string upper_bound(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && static_cast<unsigned char>(bound.back()) == 0xFF) bound.pop_back();
  if (bound.empty()) return "+";
  ++bound.back();
  return "(" + bound;
}

std::string lower_bound(std::string_view prefix, std::string_view after) {
  if (after < prefix) return "[" + std::string(prefix);
  return "(" + std::string(after);
}

}  // namespace

sdk::Result<std::unique_ptr<RedisStore>> RedisStore::open(const std::string& options,
                                                          const sdk::Call& /*call*/) {
  RTML_SDK_TRY_ASSIGN(StoreOptions read, plugins::to_sdk(read_options(options)));
  RTML_SDK_TRY_ASSIGN(
      std::unique_ptr<Servers> servers,
      Servers::make(std::move(read.connection), {commit_script().text, read_script().text,
                                                 claim_script().text, sweep_script().text}));
  return std::make_unique<RedisStore>(std::shared_ptr<Servers>(std::move(servers)),
                                      Layout(std::move(read.prefix)));
}

sdk::Result<sdk::Groups> RedisStore::get_groups(const std::vector<std::string_view>& groups,
                                                const sdk::Call& call) {
  for (const std::string_view group : groups) RTML_SDK_TRY(plugins::check_group(group));
  RTML_SDK_TRY_ASSIGN(auto read, read_groups(groups, layout_, *servers_, servers_->wait_for(call)));
  const auto replies = std::make_shared<const std::vector<Reply>>(std::move(read));
  sdk::Groups found(replies);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    found.add_group(found.copy(groups[i]));
    RTML_SDK_TRY(add_members(*(*replies)[i], servers_->name(), &found));
  }
  return found;
}

// At least one name where there are any, at most `limit`, in order and without gaps.
sdk::Result<std::vector<std::string>> RedisStore::names(std::string_view prefix,
                                                        std::string_view after, std::int64_t limit,
                                                        const Wait& wait) {
  const std::string from = lower_bound(prefix, after);
  const std::string to = upper_bound(prefix);
  const std::int64_t share = std::min(limit, limit / kBuckets * 2 + kSpareNames);
  std::vector<KeyedCommand> commands;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    std::string key = layout_.index_key(bucket);
    const std::uint16_t slot = slot_of(key);
    commands.push_back(
        {slot, {"ZRANGEBYLEX", std::move(key), from, to, "LIMIT", "0", std::to_string(share)}});
  }
  RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run_all(commands, wait));
  std::vector<std::string> found;
  // Beyond the last name of a bucket that may hold more, others would come in between.
  std::optional<std::string> known_until;
  for (const Reply& reply : replies) {
    RTML_SDK_TRY(check(*reply, servers_->name()));
    if (reply->type != REDIS_REPLY_ARRAY) return unexpected_reply("ZRANGEBYLEX", servers_->name());
    for (std::size_t i = 0; i < reply->elements; ++i) {
      found.emplace_back(text_of(*reply->element[i]));
    }
    if (static_cast<std::int64_t>(reply->elements) < share) continue;
    if (!known_until || found.back() < *known_until) known_until = found.back();
  }
  std::sort(found.begin(), found.end());
  if (known_until) {
    found.erase(std::upper_bound(found.begin(), found.end(), *known_until), found.end());
  }
  if (static_cast<std::int64_t>(found.size()) > limit) {
    found.resize(static_cast<std::size_t>(limit));
  }
  return found;
}

sdk::Status RedisStore::forget_names(const std::vector<std::string>& gone, const Wait& wait) {
  std::vector<KeyedCommand> commands;
  for (const std::string& name : gone) {
    std::string index = layout_.index_key(Layout::bucket_of(name));
    const std::uint16_t slot = slot_of(index);
    commands.push_back(
        {slot,
         {"EVALSHA", sweep_script().hash, "2", std::move(index), layout_.group_key(name), name}});
  }
  RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run_all(commands, wait));
  // A user who may only read leaves them to one who may write.
  for (const Reply& reply : replies) {
    if (is_error(*reply) && !is_error(*reply, "NOPERM") && !is_error(*reply, "READONLY")) {
      return error_of(*reply, servers_->name());
    }
  }
  return {};
}

sdk::Result<sdk::Groups> RedisStore::scan(std::string_view prefix, std::string_view after,
                                          std::int64_t limit, bool with_members,
                                          const sdk::Call& call) {
  const Wait wait = servers_->wait_for(call);
  sdk::Groups found;
  std::int64_t left = std::min(limit, kNamesMax);
  std::string last(after);
  // Names of groups that have expired are passed over, so a page may take several goes.
  while (left > 0) {
    RTML_SDK_TRY_ASSIGN(const std::vector<std::string> page, names(prefix, last, left, wait));
    if (page.empty()) break;
    last = page.back();
    std::vector<KeyedCommand> commands;
    for (const std::string& name : page) {
      std::string key = layout_.group_key(name);
      const std::uint16_t slot = slot_of(key);
      commands.push_back({slot, {with_members ? "HGETALL" : "EXISTS", std::move(key)}});
    }
    RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run_all(commands, wait));
    std::vector<std::string> gone;
    for (std::size_t i = 0; i < page.size(); ++i) {
      const redisReply& reply = *replies[i];
      RTML_SDK_TRY(check(reply, servers_->name()));
      if (with_members ? reply.elements == 0 : reply.integer == 0) {
        gone.push_back(page[i]);
        continue;
      }
      --left;
      sdk::Groups group;
      group.add_group(page[i]);
      if (with_members) RTML_SDK_TRY(add_members(reply, servers_->name(), &group));
      found.add_copy(group);
    }
    if (!gone.empty()) RTML_SDK_TRY(forget_names(gone, wait));
  }
  return found;
}

sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> RedisStore::begin(std::string_view scope,
                                                                       std::uint64_t epoch,
                                                                       const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(auto transaction,
                      RedisTransaction::begin(servers_, commits_, layout_, scope, epoch, call));
  return std::unique_ptr<sdk::OnlineTransaction>(std::move(transaction));
}

}  // namespace rtml::redis
