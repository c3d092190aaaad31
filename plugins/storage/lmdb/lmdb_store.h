// The online capability over LMDB: an ordered key-value map that many processes on one machine
// read at memory speed and write one at a time. Options:
//   path          the directory of the store (required; it is made if it is absent)
//   map_size_gib  the most it may grow to, 64 by default

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/lmdb/environment.h"
#include "rtml/sdk/storage.h"

namespace rtml::lmdb {

class LmdbStore : public sdk::OnlineStore {
 public:
  explicit LmdbStore(std::shared_ptr<Environment> environment)
      : environment_(std::move(environment)) {}

  static sdk::Result<std::unique_ptr<LmdbStore>> open(const std::string& options,
                                                      const sdk::Call& call);
  sdk::Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string_view>& keys, const sdk::Call& call) override;
  sdk::Result<std::vector<std::pair<std::string, std::string>>> scan(
      std::string_view prefix, std::string_view after, std::int64_t limit,
      const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view scope,
                                                             std::uint64_t epoch,
                                                             const sdk::Call& call) override;

 private:
  std::shared_ptr<Environment> environment_;
};

}  // namespace rtml::lmdb
