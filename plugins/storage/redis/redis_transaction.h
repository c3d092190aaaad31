// A write transaction: changes wait in memory and are written by commit(). redis_store.h says how.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/shared/buffered_transaction.h"
#include "plugins/storage/redis/layout.h"
#include "plugins/storage/redis/servers.h"
#include "rtml/sdk/storage.h"

namespace rtml::redis {

// What a store knows of the commits that it has made, by scope. A server that comes back without
// the latest of them, because its log was behind, must not be written to by someone who believes
// that they are there: what was kept in memory since would leave holes.
class OwnCommits {
 public:
  // Before a commit is sent: the token afterwards is one of the two.
  void expect(const std::string& scope, std::string before, std::string after) {
    tokens_[scope] = {std::move(before), std::move(after)};
  }
  // False if a commit of this store is gone; then it is forgotten, so that its writer can start
  // anew from what is there.
  bool are_there(const std::string& scope, std::string_view token) {
    const auto known = tokens_.find(scope);
    if (known == tokens_.end()) return true;
    if (token == known->second.first || token == known->second.second) return true;
    tokens_.erase(known);
    return false;
  }
  void forget(const std::string& scope) { tokens_.erase(scope); }

 private:
  std::map<std::string, std::pair<std::string, std::string>> tokens_;
};

class RedisTransaction : public plugins::BufferedTransaction {
 public:
  static sdk::Result<std::unique_ptr<RedisTransaction>> begin(
      std::shared_ptr<Servers> servers, std::shared_ptr<OwnCommits> commits, const Layout& layout,
      std::string_view scope, std::uint64_t epoch, const sdk::Call& call);
  RedisTransaction(std::shared_ptr<Servers> servers, std::shared_ptr<OwnCommits> commits,
                   const Layout& layout, std::string_view scope, std::uint64_t epoch,
                   const sdk::Call& call);

  sdk::Result<sdk::Groups> get(const std::vector<std::string_view>& groups) override;

 private:
  using Group = std::pair<const std::string, plugins::PendingGroup>;

  sdk::Status read_scope();
  sdk::Error stale(std::string_view current) const;
  sdk::Status keep_small() override;
  sdk::Status write_all() override;
  sdk::Result<std::vector<Reply>> claim(const std::vector<std::string_view>& groups);

  sdk::Status commit_at_once();
  sdk::Status commit_by_group();
  // Starts the arguments of the commit script, under the scope's fence or the groups' own.
  std::vector<std::string> script_start(bool by_group) const;
  // What the commit script did; `reply` is that of EVALSHA.
  sdk::Status check_outcome(const redisReply& reply) const;

  std::shared_ptr<Servers> servers_;
  std::shared_ptr<OwnCommits> commits_;
  Layout layout_;
  std::string scope_;
  std::string epoch_;
  sdk::Call call_;
  std::string token_before_;
  std::string token_after_;
};

}  // namespace rtml::redis
