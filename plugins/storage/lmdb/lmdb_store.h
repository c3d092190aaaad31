// The online capability over LMDB: groups that many processes on one machine read at memory speed
// and write one at a time. Options:
//   path          the directory of the store (required; where there is none, the first write makes
//   it) map_size_gib  the most it may grow to; without it, the disk is the bound

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/storage/lmdb/environment.h"
#include "rtml/sdk/storage.h"

namespace rtml::lmdb {

class LmdbStore : public sdk::OnlineStore {
 public:
  LmdbStore(std::filesystem::path directory, std::optional<std::uint64_t> map_bytes)
      : directory_(std::move(directory)), map_bytes_(map_bytes) {}

  static sdk::Result<std::unique_ptr<LmdbStore>> open(const std::string& options,
                                                      const sdk::Call& call);
  bool commits_atomically() const override { return true; }
  // The values are views of the store's pages: they are copied once, by the host.
  sdk::Result<sdk::Groups> get_groups(const std::vector<std::string_view>& groups,
                                      const sdk::Call& call) override;
  sdk::Result<sdk::Groups> scan(std::string_view prefix, std::string_view after, std::int64_t limit,
                                bool with_members, const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view scope,
                                                             std::uint64_t epoch,
                                                             const sdk::Call& call) override;

 private:
  // The environment; null where nobody has written yet, unless it `makes` one.
  Result<std::shared_ptr<Environment>> environment(bool makes);

  std::filesystem::path directory_;
  std::optional<std::uint64_t> map_bytes_;
  std::mutex guard_;
  std::shared_ptr<Environment> environment_;  // Null: not opened yet.
};

}  // namespace rtml::lmdb
