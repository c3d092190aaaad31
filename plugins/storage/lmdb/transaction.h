// A write transaction. Changes wait in memory and go to LMDB in the order of names, a few MiB at a
// time: pages are then touched once and in order, and new groups are appended.

#pragma once

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file_lock.h"
#include "plugins/shared/buffered_transaction.h"
#include "plugins/storage/lmdb/environment.h"
#include "rtml/sdk/storage.h"

namespace rtml::lmdb {

class LmdbTransaction : public plugins::BufferedTransaction {
 public:
  // Begins. Waits for other writers as the call allows.
  static sdk::Result<std::unique_ptr<LmdbTransaction>> begin(
      std::shared_ptr<Environment> environment, std::string_view scope, std::uint64_t epoch,
      const sdk::Call& call);
  LmdbTransaction(std::shared_ptr<Environment> environment, FileLock lock, std::string scope,
                  std::uint64_t epoch);
  LmdbTransaction(const LmdbTransaction&) = delete;
  LmdbTransaction& operator=(const LmdbTransaction&) = delete;
  ~LmdbTransaction() override;

  sdk::Result<sdk::Groups> get(const std::vector<std::string_view>& groups) override;
  // A directory of one machine keeps everything.
  sdk::Status expire(std::string_view, std::int64_t) override { return {}; }

 private:
  sdk::Status start();
  sdk::Status check_epoch();
  sdk::Status keep_small() override;
  sdk::Status write_all() override;
  // Writes what is pending into LMDB's transaction.
  sdk::Status write();
  sdk::Status write_group(std::string_view group, const plugins::PendingGroup& pending);
  sdk::Status write_members(std::uint64_t number, const plugins::PendingGroup& pending);
  sdk::Status remove_members(std::uint64_t number);
  sdk::Status remove_if_empty(std::string_view group, std::uint64_t number);
  sdk::Result<std::uint64_t> new_group(std::string_view group);
  sdk::Status put_number(MDB_dbi database, std::string_view key, std::uint64_t number);
  sdk::Status check(int code) const;

  std::shared_ptr<Environment> environment_;
  FileLock lock_;  // Freed after LMDB's transaction has ended.
  std::string scope_;
  std::uint64_t epoch_;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* members_ = nullptr;
  std::uint64_t next_group_ = 0;
  std::uint64_t first_new_group_ = 0;
};

}  // namespace rtml::lmdb
