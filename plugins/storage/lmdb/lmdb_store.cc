#include "plugins/storage/lmdb/lmdb_store.h"

#include <chrono>
#include <cstring>
#include <thread>

#include "core/base/file_lock.h"
#include "core/base/json.h"
#include "plugins/shared/core_errors.h"
#include "rtml/sdk/plugin.h"

namespace rtml::lmdb {
namespace {

using plugins::to_sdk;

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr std::uint64_t kDefaultMapGib = 64;
constexpr std::size_t kMaxKeyBytes = 511;
constexpr std::size_t kMaxScopeBytes = 400;

sdk::Error store_error(const Environment& environment, const std::string& operation, int code) {
  return to_sdk(lmdb_error(operation, code, environment.directory()));
}

MDB_val value_of(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

sdk::Status check_key(std::string_view key) {
  if (!key.empty() && key.size() <= kMaxKeyBytes) return {};
  return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, "a key of " + std::to_string(key.size()) +
                                                     " bytes; it has 1 to " +
                                                     std::to_string(kMaxKeyBytes));
}

// A view of one moment.
class Snapshot {
 public:
  explicit Snapshot(const Environment& environment) {
    code_ = mdb_txn_begin(environment.get(), nullptr, MDB_RDONLY, &transaction_);
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    if (transaction_ != nullptr) mdb_txn_abort(transaction_);
  }
  int code() const { return code_; }
  MDB_txn* get() const { return transaction_; }

 private:
  int code_;
  MDB_txn* transaction_ = nullptr;
};

class LmdbTransaction : public sdk::OnlineTransaction {
 public:
  LmdbTransaction(std::shared_ptr<Environment> environment, FileLock lock, std::string scope,
                  std::uint64_t epoch, MDB_txn* transaction)
      : environment_(std::move(environment)),
        lock_(std::move(lock)),
        scope_(std::move(scope)),
        epoch_(epoch),
        transaction_(transaction) {}
  LmdbTransaction(const LmdbTransaction&) = delete;
  LmdbTransaction& operator=(const LmdbTransaction&) = delete;
  ~LmdbTransaction() override {
    if (transaction_ != nullptr) mdb_txn_abort(transaction_);
  }

  // Nobody else can commit while this transaction is open, so checking at its start is enough.
  sdk::Status check_epoch() {
    MDB_val key = value_of(scope_);
    MDB_val value = {};
    const int code = mdb_get(transaction_, environment_->epochs(), &key, &value);
    if (code == MDB_NOTFOUND) return {};
    if (code != MDB_SUCCESS) return store_error(*environment_, "cannot read online store", code);
    std::uint64_t current = 0;
    if (value.mv_size != sizeof current) {
      return sdk::fail(RTML_STATUS_CORRUPT, "online store holds a broken epoch of: " + scope_);
    }
    std::memcpy(&current, value.mv_data, sizeof current);
    if (epoch_ >= current) return {};
    return sdk::fail(RTML_STATUS_STALE_EPOCH,
                     "epoch " + std::to_string(epoch_) + " is over, the current one is " +
                         std::to_string(current) + ": " + scope_,
                     "another process has taken this part over; end this one");
  }

  sdk::Result<std::optional<std::string>> get(std::string_view key) override {
    RTML_SDK_TRY(check_open());
    MDB_val wanted = value_of(key);
    MDB_val value = {};
    const int code = mdb_get(transaction_, environment_->data(), &wanted, &value);
    if (code == MDB_NOTFOUND) return std::optional<std::string>();
    if (code != MDB_SUCCESS) return store_error(*environment_, "cannot read online store", code);
    return std::optional<std::string>(view(value));
  }

  sdk::Status put(std::string_view key, std::string_view bytes) override {
    RTML_SDK_TRY(check_open());
    RTML_SDK_TRY(check_key(key));
    return put_into(environment_->data(), key, bytes);
  }

  sdk::Status remove(std::string_view key) override {
    RTML_SDK_TRY(check_open());
    RTML_SDK_TRY(check_key(key));
    MDB_val unwanted = value_of(key);
    const int code = mdb_del(transaction_, environment_->data(), &unwanted, nullptr);
    if (code == MDB_SUCCESS || code == MDB_NOTFOUND) return {};
    return store_error(*environment_, "cannot write online store", code);
  }

  sdk::Status commit() override {
    RTML_SDK_TRY(check_open());
    char bytes[sizeof epoch_];
    std::memcpy(bytes, &epoch_, sizeof epoch_);
    RTML_SDK_TRY(put_into(environment_->epochs(), scope_, {bytes, sizeof bytes}));
    const int code = mdb_txn_commit(std::exchange(transaction_, nullptr));
    if (code == MDB_SUCCESS) return {};
    return store_error(*environment_, "cannot commit to online store", code);
  }

 private:
  sdk::Status check_open() const {
    if (transaction_ != nullptr) return {};
    return sdk::fail(RTML_STATUS_INVALID_CALL, "the transaction is committed");
  }
  sdk::Status put_into(MDB_dbi database, std::string_view key, std::string_view bytes) {
    MDB_val at = value_of(key);
    MDB_val value = value_of(bytes);
    const int code = mdb_put(transaction_, database, &at, &value, 0);
    if (code == MDB_SUCCESS) return {};
    return store_error(*environment_, "cannot write online store", code);
  }

  std::shared_ptr<Environment> environment_;
  FileLock lock_;  // Freed after the transaction has ended.
  std::string scope_;
  std::uint64_t epoch_;
  MDB_txn* transaction_;
};

// LMDB waits for other writers without an end; a lock of our own before it can be given up.
sdk::Result<FileLock> lock_writers(const Environment& environment, const sdk::Call& call) {
  constexpr auto kPause = std::chrono::milliseconds(2);
  while (true) {
    auto lock = FileLock::try_acquire(environment.directory() / "writer.lock");
    if (!lock) return to_sdk(lock.error());
    if (*lock) return std::move(**lock);
    if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
    if (call.has_deadline() && call.remaining_us() <= 0) {
      sdk::Error error = sdk::fail(
          RTML_STATUS_BUSY, "online store is being written: " + environment.directory().string());
      error.retryable = true;
      return error;
    }
    std::this_thread::sleep_for(kPause);
  }
}

Result<std::unique_ptr<LmdbStore>> open_store(const std::string& options_text) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  std::string path;
  std::uint64_t map_gib = kDefaultMapGib;
  for (const auto& [key, value] : options.items()) {
    if (key == "path" && value.is_string()) {
      path = value.get<std::string>();
    } else if (key == "map_size_gib" && value.is_number_unsigned() && value > 0 &&
               value <= 65'536) {
      map_gib = value.get<std::uint64_t>();
    } else {
      return fail(Error(ErrorCode::kBadValue, "option of lmdb makes no sense: " + key)
                      .with_help("the options are: path (a directory), map_size_gib (1 to 65536)"));
    }
  }
  if (path.empty()) return fail(ErrorCode::kBadValue, "lmdb needs the option: path");
  RTML_TRY_ASSIGN(auto environment, Environment::open(path, map_gib * kGib));
  return std::make_unique<LmdbStore>(std::move(environment));
}

}  // namespace

sdk::Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const std::string& options,
                                                        const sdk::Call& /*call*/) {
  return to_sdk(open_store(options));
}

sdk::Result<std::vector<std::optional<std::string>>> LmdbStore::get_many(
    const std::vector<std::string_view>& keys, const sdk::Call& /*call*/) {
  const Snapshot snapshot(*environment_);
  if (snapshot.code() != MDB_SUCCESS) {
    return store_error(*environment_, "cannot read online store", snapshot.code());
  }
  std::vector<std::optional<std::string>> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    RTML_SDK_TRY(check_key(keys[i]));
    MDB_val key = value_of(keys[i]);
    MDB_val value = {};
    const int code = mdb_get(snapshot.get(), environment_->data(), &key, &value);
    if (code == MDB_NOTFOUND) continue;
    if (code != MDB_SUCCESS) return store_error(*environment_, "cannot read online store", code);
    values[i] = view(value);
  }
  return values;
}

sdk::Result<std::vector<std::pair<std::string, std::string>>> LmdbStore::scan(
    std::string_view prefix, std::string_view after, std::int64_t limit, const sdk::Call& call) {
  const Snapshot snapshot(*environment_);
  MDB_cursor* opened = nullptr;
  int code = snapshot.code();
  if (code == MDB_SUCCESS) code = mdb_cursor_open(snapshot.get(), environment_->data(), &opened);
  if (code != MDB_SUCCESS) return store_error(*environment_, "cannot read online store", code);
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(opened, &mdb_cursor_close);

  // The smallest key that may be wanted; LMDB takes no empty key.
  const std::string_view start = std::max(prefix, after);
  MDB_val key = value_of(start);
  MDB_val value = {};
  code = mdb_cursor_get(cursor.get(), &key, &value, start.empty() ? MDB_FIRST : MDB_SET_RANGE);
  std::vector<std::pair<std::string, std::string>> pairs;
  while (code == MDB_SUCCESS && static_cast<std::int64_t>(pairs.size()) < limit) {
    if (!view(key).starts_with(prefix)) break;
    if (view(key) > after) pairs.emplace_back(view(key), view(value));
    if (pairs.size() % 4'096 == 0) RTML_SDK_TRY(call.check());
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
  }
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) {
    return store_error(*environment_, "cannot read online store", code);
  }
  return pairs;
}

sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> LmdbStore::begin(std::string_view scope,
                                                                      std::uint64_t epoch,
                                                                      const sdk::Call& call) {
  if (scope.empty() || scope.size() > kMaxScopeBytes) {
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, "a scope of " + std::to_string(scope.size()) +
                                                       " bytes; it has 1 to " +
                                                       std::to_string(kMaxScopeBytes));
  }
  RTML_SDK_TRY_ASSIGN(FileLock lock, lock_writers(*environment_, call));
  MDB_txn* begun = nullptr;
  const int code = mdb_txn_begin(environment_->get(), nullptr, 0, &begun);
  if (code != MDB_SUCCESS) return store_error(*environment_, "cannot write online store", code);
  auto transaction = std::make_unique<LmdbTransaction>(environment_, std::move(lock),
                                                       std::string(scope), epoch, begun);
  RTML_SDK_TRY(transaction->check_epoch());
  return std::unique_ptr<sdk::OnlineTransaction>(std::move(transaction));
}

}  // namespace rtml::lmdb

RTML_PLUGIN(rtml::lmdb::LmdbStore);
