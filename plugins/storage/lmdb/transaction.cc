#include "plugins/storage/lmdb/transaction.h"

#include <cstring>
#include <utility>

#include "plugins/shared/core_errors.h"
#include "plugins/shared/writer_lock.h"
#include "plugins/storage/lmdb/snapshot.h"

namespace rtml::lmdb {
namespace {

constexpr std::size_t kPendingBytesMax = std::size_t{16} << 20;
constexpr std::string_view kNextGroupKey = "next";

}  // namespace

sdk::Result<std::unique_ptr<LmdbTransaction>> LmdbTransaction::begin(
    std::shared_ptr<Environment> environment, std::string_view scope, std::uint64_t epoch,
    const sdk::Call& call) {
  RTML_SDK_TRY(plugins::check_scope(scope));
  // LMDB waits for other writers without an end; a lock of our own before it can be given up.
  const std::filesystem::path& directory = environment->directory();
  RTML_SDK_TRY_ASSIGN(
      FileLock lock,
      plugins::lock_writers(directory / "writer.lock",
                            "online store is being written: " + directory.string(), call));
  environment->forget_dead_readers();
  auto transaction = std::make_unique<LmdbTransaction>(std::move(environment), std::move(lock),
                                                       std::string(scope), epoch);
  RTML_SDK_TRY(transaction->start());
  return transaction;
}

LmdbTransaction::LmdbTransaction(std::shared_ptr<Environment> environment, FileLock lock,
                                 std::string scope, std::uint64_t epoch)
    : environment_(std::move(environment)),
      lock_(std::move(lock)),
      scope_(std::move(scope)),
      epoch_(epoch) {}

LmdbTransaction::~LmdbTransaction() {
  if (members_ != nullptr) mdb_cursor_close(members_);
  if (transaction_ != nullptr) mdb_txn_abort(transaction_);
}

sdk::Status LmdbTransaction::check(int code) const {
  if (code == MDB_SUCCESS) return {};
  return store_error(*environment_, "cannot write online store", code);
}

sdk::Status LmdbTransaction::start() {
  RTML_SDK_TRY(check(mdb_txn_begin(environment_->get(), nullptr, 0, &transaction_)));
  RTML_SDK_TRY(check(mdb_cursor_open(transaction_, environment_->members(), &members_)));
  MDB_val key = value_of(kNextGroupKey);
  MDB_val value = {};
  const int code = mdb_get(transaction_, environment_->meta(), &key, &value);
  if (code != MDB_NOTFOUND) {
    RTML_SDK_TRY(check(code));
    RTML_SDK_TRY_ASSIGN(next_group_, read_number(value, *environment_));
  }
  first_new_group_ = next_group_;
  return check_epoch();
}

// Nobody else can commit while this transaction is open, so checking at its start is enough.
sdk::Status LmdbTransaction::check_epoch() {
  MDB_val key = value_of(scope_);
  MDB_val value = {};
  const int code = mdb_get(transaction_, environment_->epochs(), &key, &value);
  if (code == MDB_NOTFOUND) return {};
  RTML_SDK_TRY(check(code));
  RTML_SDK_TRY_ASSIGN(const std::uint64_t current, read_number(value, *environment_));
  if (epoch_ >= current) return {};
  return sdk::fail(RTML_STATUS_STALE_EPOCH,
                   "epoch " + std::to_string(epoch_) + " is over, the current one is " +
                       std::to_string(current) + ": " + scope_,
                   "another process has taken this part over; end this one");
}

sdk::Result<sdk::Groups> LmdbTransaction::get(const std::vector<std::string_view>& groups) {
  RTML_SDK_TRY(check_open());
  RTML_SDK_TRY(write());
  // The transaction's own pages move when it writes on, so the members are copied.
  sdk::Groups found;
  for (const std::string_view group : groups) {
    RTML_SDK_TRY(plugins::check_group(group));
    sdk::Groups views;
    views.add_group(group);
    RTML_SDK_TRY_ASSIGN(const auto number, group_number(*environment_, transaction_, group));
    if (number) RTML_SDK_TRY(add_members(*environment_, members_, *number, &views));
    found.add_copy(views);
  }
  return found;
}

sdk::Status LmdbTransaction::keep_small() {
  if (pending_.bytes() < kPendingBytesMax) return {};
  return write();
}

sdk::Status LmdbTransaction::write() {
  for (const auto& [group, pending] : pending_.groups()) {
    RTML_SDK_TRY(write_group(group, pending));
  }
  pending_.clear();
  return {};
}

sdk::Status LmdbTransaction::write_group(std::string_view group,
                                         const plugins::PendingGroup& pending) {
  bool removes = pending.replaces_all;
  bool puts = false;
  for (const auto& [member, value] : pending.members) {
    removes = removes || !value;
    puts = puts || value;
  }
  RTML_SDK_TRY_ASSIGN(auto number, group_number(*environment_, transaction_, group));
  if (!number && !puts) return {};
  if (!number) {
    RTML_SDK_TRY_ASSIGN(number, new_group(group));
  } else if (pending.replaces_all) {
    RTML_SDK_TRY(remove_members(*number));
  }
  RTML_SDK_TRY(write_members(*number, pending));
  if (removes && !puts) return remove_if_empty(group, *number);
  return {};
}

sdk::Status LmdbTransaction::write_members(std::uint64_t number,
                                           const plugins::PendingGroup& pending) {
  std::string key(GroupPrefix(number).text());
  const std::size_t prefix_size = key.size();
  for (const auto& [member, bytes] : pending.members) {
    key.resize(prefix_size);
    key += member;
    MDB_val at = value_of(key);
    if (bytes) {
      MDB_val value = value_of(*bytes);
      RTML_SDK_TRY(check(mdb_cursor_put(members_, &at, &value, 0)));
      continue;
    }
    MDB_val found = {};
    const int code = mdb_cursor_get(members_, &at, &found, MDB_SET_KEY);
    if (code == MDB_NOTFOUND) continue;
    RTML_SDK_TRY(check(code));
    RTML_SDK_TRY(check(mdb_cursor_del(members_, 0)));
  }
  return {};
}

sdk::Status LmdbTransaction::remove_members(std::uint64_t number) {
  const GroupPrefix prefix(number);
  while (true) {
    MDB_val key = value_of(prefix.text());
    MDB_val value = {};
    const int code = mdb_cursor_get(members_, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND || (code == MDB_SUCCESS && !view(key).starts_with(prefix.text()))) {
      return {};
    }
    RTML_SDK_TRY(check(code));
    RTML_SDK_TRY(check(mdb_cursor_del(members_, 0)));
  }
}

sdk::Status LmdbTransaction::remove_if_empty(std::string_view group, std::uint64_t number) {
  const GroupPrefix prefix(number);
  MDB_val key = value_of(prefix.text());
  MDB_val value = {};
  const int code = mdb_cursor_get(members_, &key, &value, MDB_SET_RANGE);
  if (code == MDB_SUCCESS && view(key).starts_with(prefix.text())) return {};
  if (code != MDB_NOTFOUND) RTML_SDK_TRY(check(code));
  MDB_val name = value_of(group);
  return check(mdb_del(transaction_, environment_->groups(), &name, nullptr));
}

sdk::Result<std::uint64_t> LmdbTransaction::new_group(std::string_view group) {
  const std::uint64_t number = next_group_++;
  RTML_SDK_TRY(put_number(environment_->groups(), group, number));
  return number;
}

sdk::Status LmdbTransaction::put_number(MDB_dbi database, std::string_view key,
                                        std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  MDB_val at = value_of(key);
  MDB_val value = value_of({bytes, sizeof bytes});
  return check(mdb_put(transaction_, database, &at, &value, 0));
}

sdk::Status LmdbTransaction::write_all() {
  RTML_SDK_TRY(write());
  RTML_SDK_TRY(put_number(environment_->epochs(), scope_, epoch_));
  if (next_group_ != first_new_group_) {
    RTML_SDK_TRY(put_number(environment_->meta(), kNextGroupKey, next_group_));
  }
  mdb_cursor_close(std::exchange(members_, nullptr));
  const int code = mdb_txn_commit(std::exchange(transaction_, nullptr));
  if (code == MDB_SUCCESS) return {};
  return store_error(*environment_, "cannot commit to online store", code);
}

}  // namespace rtml::lmdb
