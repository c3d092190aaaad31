// A view of one moment of the store, and the look-ups that it answers. Used by one thread.

#pragma once

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "plugins/storage/lmdb/environment.h"
#include "rtml/sdk/storage.h"

namespace rtml::lmdb {

inline MDB_val value_of(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// The start of the keys of a group's members.
struct GroupPrefix {
  explicit GroupPrefix(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  }
  std::string_view text() const { return {bytes, sizeof bytes}; }
  char bytes[8];
};

sdk::Error store_error(const Environment& environment, const std::string& operation, int code);

// Reads 8 bytes, little-endian. Fails with RTML_STATUS_CORRUPT for other lengths.
sdk::Result<std::uint64_t> read_number(const MDB_val& value, const Environment& environment);

// The number of a group, or nothing if there is none of that name.
sdk::Result<std::optional<std::uint64_t>> group_number(const Environment& environment,
                                                       MDB_txn* transaction,
                                                       std::string_view group);

// Adds the members of a group, which was added to `groups` last, as views of the store's pages.
sdk::Status add_members(const Environment& environment, MDB_cursor* members, std::uint64_t number,
                        sdk::Groups* groups);

class Snapshot {
 public:
  static sdk::Result<std::shared_ptr<const Snapshot>> take(
      std::shared_ptr<Environment> environment);
  Snapshot(std::shared_ptr<Environment> environment, Environment::Reader reader)
      : environment_(std::move(environment)), reader_(reader) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() { environment_->keep_idle_reader(reader_); }

  MDB_txn* transaction() const { return reader_.transaction; }
  MDB_cursor* members() const { return reader_.members; }

 private:
  std::shared_ptr<Environment> environment_;
  Environment::Reader reader_;
};

}  // namespace rtml::lmdb
