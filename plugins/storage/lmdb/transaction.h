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
#include "plugins/shared/pending_changes.h"
#include "plugins/storage/lmdb/environment.h"
#include "rtml/sdk/storage.h"

namespace rtml::lmdb {

class LmdbTransaction : public sdk::OnlineTransaction {
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
  sdk::Status put(std::string_view group, std::string_view member, std::string_view value) override;
  sdk::Status remove(std::string_view group, std::string_view member) override;
  sdk::Status remove_group(std::string_view group) override;
  // A directory of one machine keeps everything.
  sdk::Status expire(std::string_view, std::int64_t) override { return {}; }
  sdk::Status commit() override;

 private:
  sdk::Status start();
  sdk::Status check_open() const;
  sdk::Status check_epoch();
  sdk::Status write_if_large();
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
  plugins::PendingChanges pending_;
};

}  // namespace rtml::lmdb
