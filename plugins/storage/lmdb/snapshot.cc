#include "plugins/storage/lmdb/snapshot.h"

#include <cstring>

#include "plugins/shared/core_errors.h"

namespace rtml::lmdb {

sdk::Error store_error(const Environment& environment, const std::string& operation, int code) {
  return plugins::to_sdk(lmdb_error(operation, code, environment.directory()));
}

sdk::Result<std::uint64_t> read_number(const MDB_val& value, const Environment& environment) {
  std::uint64_t number = 0;
  if (value.mv_size != sizeof number) {
    return sdk::fail(RTML_STATUS_CORRUPT,
                     "online store holds a broken number: " + environment.directory().string());
  }
  std::memcpy(&number, value.mv_data, sizeof number);
  return number;
}

sdk::Result<std::optional<std::uint64_t>> group_number(const Environment& environment,
                                                       MDB_txn* transaction,
                                                       std::string_view group) {
  MDB_val key = value_of(group);
  MDB_val value = {};
  const int code = mdb_get(transaction, environment.groups(), &key, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::uint64_t>();
  if (code != MDB_SUCCESS) return store_error(environment, "cannot read online store", code);
  RTML_SDK_TRY_ASSIGN(const std::uint64_t number, read_number(value, environment));
  return std::optional<std::uint64_t>(number);
}

sdk::Status add_members(const Environment& environment, MDB_cursor* members, std::uint64_t number,
                        sdk::Groups* groups) {
  const GroupPrefix prefix(number);
  MDB_val key = value_of(prefix.text());
  MDB_val value = {};
  int code = mdb_cursor_get(members, &key, &value, MDB_SET_RANGE);
  while (code == MDB_SUCCESS && view(key).starts_with(prefix.text())) {
    groups->add_member(view(key).substr(prefix.text().size()), view(value));
    code = mdb_cursor_get(members, &key, &value, MDB_NEXT);
  }
  if (code == MDB_SUCCESS || code == MDB_NOTFOUND) return {};
  return store_error(environment, "cannot read online store", code);
}

sdk::Result<std::shared_ptr<const Snapshot>> Snapshot::take(
    std::shared_ptr<Environment> environment) {
  Environment::Reader reader;
  int code = MDB_SUCCESS;
  if (const auto idle = environment->take_idle_reader()) {
    reader = *idle;
    code = mdb_txn_renew(reader.transaction);
    if (code == MDB_SUCCESS) code = mdb_cursor_renew(reader.transaction, reader.members);
  } else {
    code = mdb_txn_begin(environment->get(), nullptr, MDB_RDONLY, &reader.transaction);
    if (code == MDB_SUCCESS) {
      code = mdb_cursor_open(reader.transaction, environment->members(), &reader.members);
    }
  }
  if (code != MDB_SUCCESS) {
    if (reader.members != nullptr) mdb_cursor_close(reader.members);
    if (reader.transaction != nullptr) mdb_txn_abort(reader.transaction);
    return store_error(*environment, "cannot read online store", code);
  }
  return std::shared_ptr<const Snapshot>(
      std::make_shared<Snapshot>(std::move(environment), reader));
}

}  // namespace rtml::lmdb
