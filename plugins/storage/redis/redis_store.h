// The online capability over Redis: one server or a cluster. Options: those of a connection
// (options.h) and
//   prefix   what the keys begin with, "rtml"
//
// On one server a commit is one script: all or nothing. In a cluster each group is written by a
// script on its node, under a fence that is kept in the group, and the group named like the scope
// last. layout.h says what lies where.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/redis/layout.h"
#include "plugins/storage/redis/redis_transaction.h"
#include "plugins/storage/redis/servers.h"
#include "rtml/sdk/storage.h"

namespace rtml::redis {

class RedisStore : public sdk::OnlineStore {
 public:
  RedisStore(std::shared_ptr<Servers> servers, Layout layout)
      : servers_(std::move(servers)), layout_(std::move(layout)) {}

  // Connects to nothing: a server that is away fails the first call.
  static sdk::Result<std::unique_ptr<RedisStore>> open(const std::string& options,
                                                       const sdk::Call& call);
  bool commits_atomically() const override { return !servers_->is_cluster(); }
  sdk::Result<sdk::Groups> get_groups(const std::vector<std::string_view>& groups,
                                      const sdk::Call& call) override;
  sdk::Result<sdk::Groups> scan(std::string_view prefix, std::string_view after, std::int64_t limit,
                                bool with_members, const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view scope,
                                                             std::uint64_t epoch,
                                                             const sdk::Call& call) override;

 private:
  sdk::Result<std::vector<std::string>> names(std::string_view prefix, std::string_view after,
                                              std::int64_t limit, const Wait& wait);
  sdk::Status forget_names(const std::vector<std::string>& gone, const Wait& wait);

  std::shared_ptr<Servers> servers_;
  std::shared_ptr<OwnCommits> commits_ = std::make_shared<OwnCommits>();
  Layout layout_;
};

}  // namespace rtml::redis
