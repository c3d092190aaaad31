#include "plugins/storage/lmdb/lmdb_store.h"

#include <algorithm>

#include "core/base/json.h"
#include "plugins/shared/core_errors.h"
#include "plugins/shared/online_names.h"
#include "plugins/storage/lmdb/snapshot.h"
#include "plugins/storage/lmdb/transaction.h"
#include "rtml/sdk/plugin.h"

namespace rtml::lmdb {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr const char* kDataFile = "data.mdb";  // LMDB's name for it.

Result<std::unique_ptr<LmdbStore>> open_store(const std::string& options_text) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  std::string path;
  std::optional<std::uint64_t> map_bytes;
  for (const auto& [key, value] : options.items()) {
    if (key == "path" && value.is_string()) {
      path = value.get<std::string>();
    } else if (key == "map_size_gib" && value.is_number_unsigned() && value > 0 &&
               value <= 65'536) {
      map_bytes = value.get<std::uint64_t>() * kGib;
    } else {
      return fail(Error(ErrorCode::kBadValue, "option of lmdb makes no sense: " + key)
                      .with_help("the options are: path (a directory), map_size_gib (1 to 65536)"));
    }
  }
  if (path.empty()) return fail(ErrorCode::kBadValue, "lmdb needs the option: path");
  return std::make_unique<LmdbStore>(path, map_bytes);
}

// A cursor over the names of groups.
class NameCursor {
 public:
  NameCursor(const Environment& environment, MDB_txn* transaction)
      : code_(mdb_cursor_open(transaction, environment.groups(), &cursor_)) {}
  NameCursor(const NameCursor&) = delete;
  NameCursor& operator=(const NameCursor&) = delete;
  ~NameCursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }

  // Goes to the first name at or after `start`.
  void seek(std::string_view start) {
    if (code_ != MDB_SUCCESS) return;
    key_ = value_of(start);  // LMDB takes no empty key.
    code_ = mdb_cursor_get(cursor_, &key_, &value_, start.empty() ? MDB_FIRST : MDB_SET_RANGE);
  }
  void next() { code_ = mdb_cursor_get(cursor_, &key_, &value_, MDB_NEXT); }

  int code() const { return code_; }
  std::string_view name() const { return view(key_); }
  const MDB_val& number() const { return value_; }

 private:
  MDB_cursor* cursor_ = nullptr;
  int code_;
  MDB_val key_ = {};
  MDB_val value_ = {};
};

}  // namespace

sdk::Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const std::string& options,
                                                        const sdk::Call& /*call*/) {
  const auto opened = [&]() -> Result<std::unique_ptr<LmdbStore>> {
    RTML_TRY_ASSIGN(auto store, open_store(options));
    // What is there and cannot be read is told at once.
    RTML_TRY(store->environment(false));
    return store;
  };
  return plugins::to_sdk(opened());
}

Result<std::shared_ptr<Environment>> LmdbStore::environment(bool makes) {
  const std::scoped_lock lock(guard_);
  if (environment_ != nullptr) return environment_;
  std::error_code ignored;
  if (!makes && !std::filesystem::exists(directory_ / kDataFile, ignored)) return environment_;
  RTML_TRY_ASSIGN(environment_, Environment::open(directory_, map_bytes_));
  return environment_;
}

sdk::Result<sdk::Groups> LmdbStore::get_groups(const std::vector<std::string_view>& groups,
                                               const sdk::Call& /*call*/) {
  RTML_SDK_TRY_ASSIGN(const auto environment, plugins::to_sdk(this->environment(false)));
  if (environment == nullptr) {
    sdk::Groups empty;
    for (const std::string_view group : groups) {
      RTML_SDK_TRY(plugins::check_group(group));
      empty.add_group(empty.copy(group));
    }
    return empty;
  }
  RTML_SDK_TRY_ASSIGN(const auto snapshot, Snapshot::take(environment));
  sdk::Groups found(snapshot);
  for (const std::string_view group : groups) {
    RTML_SDK_TRY(plugins::check_group(group));
    found.add_group(found.copy(group));
    RTML_SDK_TRY_ASSIGN(const auto number,
                        group_number(*environment, snapshot->transaction(), group));
    if (number) RTML_SDK_TRY(add_members(*environment, snapshot->members(), *number, &found));
  }
  return found;
}

sdk::Result<sdk::Groups> LmdbStore::scan(std::string_view prefix, std::string_view after,
                                         std::int64_t limit, bool with_members,
                                         const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(const auto environment, plugins::to_sdk(this->environment(false)));
  if (environment == nullptr) return sdk::Groups();
  RTML_SDK_TRY_ASSIGN(const auto snapshot, Snapshot::take(environment));
  sdk::Groups found(snapshot);
  NameCursor cursor(*environment, snapshot->transaction());
  std::int64_t count = 0;
  for (cursor.seek(std::max(prefix, after)); cursor.code() == MDB_SUCCESS && count < limit;
       cursor.next()) {
    if (!cursor.name().starts_with(prefix)) break;
    if (cursor.name() <= after) continue;
    if (count++ % 4'096 == 0) RTML_SDK_TRY(call.check());
    found.add_group(cursor.name());
    if (!with_members) continue;
    RTML_SDK_TRY_ASSIGN(const std::uint64_t number, read_number(cursor.number(), *environment));
    RTML_SDK_TRY(add_members(*environment, snapshot->members(), number, &found));
  }
  if (cursor.code() != MDB_SUCCESS && cursor.code() != MDB_NOTFOUND) {
    return store_error(*environment, "cannot read online store", cursor.code());
  }
  return found;
}

sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> LmdbStore::begin(std::string_view scope,
                                                                      std::uint64_t epoch,
                                                                      const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(const auto environment, plugins::to_sdk(this->environment(true)));
  RTML_SDK_TRY_ASSIGN(auto transaction, LmdbTransaction::begin(environment, scope, epoch, call));
  return std::unique_ptr<sdk::OnlineTransaction>(std::move(transaction));
}

}  // namespace rtml::lmdb

RTML_PLUGIN(rtml::lmdb::LmdbStore);
