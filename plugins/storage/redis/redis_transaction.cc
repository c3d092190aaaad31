#include "plugins/storage/redis/redis_transaction.h"

#include <optional>
#include <random>
#include <utility>

#include "plugins/storage/redis/group_reading.h"
#include "plugins/storage/redis/scripts.h"

namespace rtml::redis {
namespace {

// A commit stops the server for everybody else as long as it takes, and both sides hold it in
// memory: about a second a GiB.
constexpr std::size_t kCommitBytesMax = std::size_t{256} << 20;
// One call of the script takes this much, so that no command is huge.
constexpr std::size_t kScriptBytes = std::size_t{1} << 20;
constexpr std::size_t kScriptGroups = 500;
// What is under way to a cluster at a time.
constexpr std::size_t kWindowBytes = std::size_t{8} << 20;

// Names one commit among all others.
std::string make_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += std::to_string(random()) + ".";
  return token;
}

std::string expiry_text(const plugins::PendingGroup& pending) {
  if (!pending.expires_at_us) return "";
  if (*pending.expires_at_us == INT64_MAX) return "never";
  // Later than asked for by less than a millisecond, never earlier.
  const std::int64_t ms = *pending.expires_at_us / 1'000;
  return std::to_string(ms < 1 ? 1 : ms + 1);
}

// The arguments of the commit script, as they grow group by group.
class ScriptCall {
 public:
  explicit ScriptCall(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

  void add_key(std::string key) {
    bytes_ += key.size();
    keys_.push_back(std::move(key));
  }

  void add_group(const std::string& name, const plugins::PendingGroup& pending,
                 const Layout& layout) {
    add_key(layout.group_key(name));
    add_key(layout.index_key(Layout::bucket_of(name)));
    std::size_t puts = 0;
    for (const auto& [member, value] : pending.members) puts += value ? 1 : 0;
    add(name);
    add(pending.replaces_all ? "1" : "0");
    add(expiry_text(pending));
    add(std::to_string(puts));
    add(std::to_string(pending.members.size() - puts));
    for (const auto& [member, value] : pending.members) {
      if (!value) continue;
      add(member_field(member));
      add(*value);
    }
    for (const auto& [member, value] : pending.members) {
      if (!value) add(member_field(member));
    }
    ++groups_;
  }

  bool is_full() const { return bytes_ >= kScriptBytes || groups_ >= kScriptGroups; }
  std::size_t bytes() const { return bytes_; }

  std::vector<std::string> finish() {
    std::vector<std::string> command = {"EVALSHA", commit_script().hash,
                                        std::to_string(keys_.size())};
    command.insert(command.end(), std::make_move_iterator(keys_.begin()),
                   std::make_move_iterator(keys_.end()));
    command.insert(command.end(), std::make_move_iterator(arguments_.begin()),
                   std::make_move_iterator(arguments_.end()));
    return command;
  }

 private:
  void add(std::string argument) {
    bytes_ += argument.size();
    arguments_.push_back(std::move(argument));
  }

  std::vector<std::string> keys_;
  std::vector<std::string> arguments_;
  std::size_t bytes_ = 0;
  std::size_t groups_ = 0;
};

}  // namespace

RedisTransaction::RedisTransaction(std::shared_ptr<Servers> servers,
                                   std::shared_ptr<OwnCommits> commits, const Layout& layout,
                                   std::string_view scope, std::uint64_t epoch,
                                   const sdk::Call& call)
    : servers_(std::move(servers)),
      commits_(std::move(commits)),
      layout_(layout),
      scope_(scope),
      epoch_(epoch_text(epoch)),
      call_(call),
      token_after_(make_token()) {}

sdk::Result<std::unique_ptr<RedisTransaction>> RedisTransaction::begin(
    std::shared_ptr<Servers> servers, std::shared_ptr<OwnCommits> commits, const Layout& layout,
    std::string_view scope, std::uint64_t epoch, const sdk::Call& call) {
  RTML_SDK_TRY(plugins::check_scope(scope));
  auto transaction = std::make_unique<RedisTransaction>(std::move(servers), std::move(commits),
                                                        layout, scope, epoch, call);
  RTML_SDK_TRY(transaction->read_scope());
  return transaction;
}

sdk::Error RedisTransaction::stale(std::string_view current) const {
  const auto number = [](std::string_view digits) {
    const auto first = digits.find_first_not_of('0');
    return first == std::string_view::npos ? std::string("0") : std::string(digits.substr(first));
  };
  return sdk::fail(
      RTML_STATUS_STALE_EPOCH,
      "epoch " + number(epoch_) + " is over, the current one is " + number(current) + ": " + scope_,
      "another process has taken this part over; end this one");
}

sdk::Status RedisTransaction::read_scope() {
  std::string key = layout_.scope_key(scope_);
  const std::uint16_t slot = slot_of(key);
  RTML_SDK_TRY_ASSIGN(
      const auto replies,
      servers_->run_all({{slot, {"HMGET", std::move(key), "e", "n"}}}, servers_->wait_for(call_)));
  const redisReply& reply = *replies.front();
  RTML_SDK_TRY(check(reply, servers_->name()));
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 2) {
    return unexpected_reply("HMGET", servers_->name());
  }
  const std::string_view current = text_of(*reply.element[0]);
  token_before_ = text_of(*reply.element[1]);
  if (current > epoch_) return stale(current);
  // Another writer in between has raised the epoch, or this one has; else a token that is not known
  // means that the server has lost what it had acknowledged.
  if (current < epoch_) {
    commits_->forget(scope_);
    return {};
  }
  if (commits_->are_there(scope_, token_before_)) return {};
  return sdk::fail(RTML_STATUS_STALE_EPOCH,
                   "the server does not hold the last commit any more: " + scope_,
                   "it came back without its latest writes; start again from the position that it "
                   "holds, and see \"Durability\" in docs/stores.md");
}

sdk::Status RedisTransaction::keep_small() {
  if (pending_.bytes() <= kCommitBytesMax) return {};
  return sdk::fail(RTML_STATUS_UNSUPPORTED,
                   "a transaction of more than " + std::to_string(kCommitBytesMax >> 20) +
                       " MiB: Redis would stand still for it",
                   "commit in smaller parts");
}

sdk::Result<std::vector<Reply>> RedisTransaction::claim(
    const std::vector<std::string_view>& groups) {
  const Wait wait = servers_->wait_for(call_);
  if (!servers_->is_cluster()) return read_groups(groups, layout_, *servers_, wait);
  const std::string field = fence_field(scope_);
  std::vector<KeyedCommand> commands;
  for (const std::string_view group : groups) {
    std::string key = layout_.group_key(group);
    const std::uint16_t slot = slot_of(key);
    commands.push_back(
        {slot, {"EVALSHA", claim_script().hash, "1", std::move(key), field, epoch_}});
  }
  RTML_SDK_TRY_ASSIGN(auto replies, servers_->run(commands, wait));
  for (const Reply& reply : replies) {
    if (is_error(*reply, "STALE")) return stale(text_of(*reply).substr(6));
  }
  return replies;
}

sdk::Result<sdk::Groups> RedisTransaction::get(const std::vector<std::string_view>& groups) {
  for (const std::string_view group : groups) RTML_SDK_TRY(check_open(group));
  RTML_SDK_TRY_ASSIGN(const auto replies, claim(groups));
  sdk::Groups found;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    sdk::Groups stored;
    stored.add_group(groups[i]);
    RTML_SDK_TRY(add_members(*replies[i], servers_->name(), &stored));
    add_as_changed(groups[i], stored, &found);
  }
  return found;
}

sdk::Status RedisTransaction::write_all() {
  commits_->expect(scope_, token_before_, token_after_);
  sdk::Status committed = servers_->is_cluster() ? commit_by_group() : commit_at_once();
  if (committed) commits_->expect(scope_, token_after_, token_after_);
  return committed;
}

std::vector<std::string> RedisTransaction::script_start(bool by_group) const {
  return {epoch_, by_group ? "-" : token_before_, token_after_,
          servers_->is_cluster() ? fence_field(scope_) : std::string()};
}

sdk::Status RedisTransaction::check_outcome(const redisReply& reply) const {
  RTML_SDK_TRY(check(reply, servers_->name()));
  if (reply.type == REDIS_REPLY_ARRAY && reply.elements > 0) {
    const std::string_view outcome = text_of(*reply.element[0]);
    if (outcome == "done") return {};
    commits_->forget(scope_);
    if (outcome == "stale" && reply.elements == 2) return stale(text_of(*reply.element[1]));
    if (outcome == "moved") {
      sdk::Error error =
          sdk::fail(RTML_STATUS_BUSY, "another transaction was committed in between: " + scope_);
      error.retryable = true;
      return error;
    }
  }
  return unexpected_reply("EVALSHA", servers_->name());
}

// The calls of the script carry the same tokens: the first raises the fence, the others find it
// raised, as all of them do when they are sent again.
sdk::Status RedisTransaction::commit_at_once() {
  Pipeline scripts;
  std::optional<ScriptCall> script;
  const auto start = [&] {
    script.emplace(script_start(false));
    script->add_key(layout_.scope_key(scope_));
  };
  start();
  for (const auto& [group, pending] : pending_.groups()) {
    if (script->is_full()) {
      if (scripts.empty()) scripts.add({"MULTI"});
      scripts.add(script->finish());
      start();
    }
    script->add_group(group, pending, layout_);
  }
  scripts.add(script->finish());
  const bool is_transaction = scripts.count() > 1;
  if (is_transaction) scripts.add({"EXEC"});
  RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run(scripts, servers_->wait_for(call_)));
  if (!is_transaction) return check_outcome(*replies.front());
  for (const Reply& reply : replies) RTML_SDK_TRY(check(*reply, servers_->name()));
  const redisReply& executed = *replies.back();
  if (executed.type != REDIS_REPLY_ARRAY) return unexpected_reply("EXEC", servers_->name());
  for (std::size_t i = 0; i < executed.elements; ++i) {
    RTML_SDK_TRY(check_outcome(*executed.element[i]));
  }
  return {};
}

sdk::Status RedisTransaction::commit_by_group() {
  const Wait wait = servers_->wait_for(call_);
  std::vector<KeyedCommand> window;
  std::size_t window_bytes = 0;
  const auto write_window = [&]() -> sdk::Status {
    RTML_SDK_TRY_ASSIGN(const auto replies, servers_->run(window, wait));
    for (const Reply& reply : replies) RTML_SDK_TRY(check_outcome(*reply));
    window.clear();
    window_bytes = 0;
    return {};
  };
  const plugins::PendingGroup* own = nullptr;
  for (const auto& [group, pending] : pending_.groups()) {
    if (group == scope_) {
      own = &pending;
      continue;
    }
    ScriptCall script(script_start(true));
    script.add_group(group, pending, layout_);
    window_bytes += script.bytes();
    window.push_back({slot_of(layout_.group_key(group)), script.finish()});
    if (window_bytes >= kWindowBytes) RTML_SDK_TRY(write_window());
  }
  RTML_SDK_TRY(write_window());

  std::string key = layout_.scope_key(scope_);
  const std::uint16_t slot = slot_of(key);
  ScriptCall script(script_start(false));
  script.add_key(std::move(key));
  if (own != nullptr) script.add_group(scope_, *own, layout_);
  window.push_back({slot, script.finish()});
  return write_window();
}

}  // namespace rtml::redis
