// An LMDB environment, which a process may open only once: stores on one directory share it.
//
// Four databases. `groups`: the name of a group -> its number, 8 bytes, little-endian. `members`:
// a group's number, 8 bytes, big-endian, and the name of a member -> its value; so the members of
// a group lie together, a name of 100 bytes is stored once, and new groups are appended. `epochs`:
// a scope -> the highest epoch committed, 8 bytes, little-endian. `meta`: "format" and "next", the
// number of the next new group.
//
// An Environment may be used by several threads.

#pragma once

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/result.h"

namespace rtml::lmdb {

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  // Opens or makes the environment in a directory. `map_bytes` bounds its size; without it the disk
  // does.
  static Result<std::shared_ptr<Environment>> open(const std::filesystem::path& directory,
                                                   std::optional<std::uint64_t> map_bytes);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

  MDB_env* get() const { return environment_; }
  MDB_dbi groups() const { return groups_; }
  MDB_dbi members() const { return members_; }
  MDB_dbi epochs() const { return epochs_; }
  MDB_dbi meta() const { return meta_; }
  const std::filesystem::path& directory() const { return directory_; }

  // Frees the slots of readers that were killed, which would keep old pages from being used again;
  // at most every ten seconds.
  void forget_dead_readers();

  // A reader at rest: beginning again is much cheaper than beginning anew.
  struct Reader {
    MDB_txn* transaction = nullptr;
    MDB_cursor* members = nullptr;
  };
  std::optional<Reader> take_idle_reader();
  void keep_idle_reader(Reader reader);

 private:
  explicit Environment(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Status start(std::optional<std::uint64_t> map_bytes);
  int open_map(std::uint64_t map_bytes);
  int open_databases(unsigned transaction_flags, unsigned database_flags);
  Status make_databases();
  Status check_format();

  std::filesystem::path directory_;
  MDB_env* environment_ = nullptr;
  MDB_dbi groups_ = 0;
  MDB_dbi members_ = 0;
  MDB_dbi epochs_ = 0;
  MDB_dbi meta_ = 0;
  std::mutex guard_;
  std::vector<Reader> idle_readers_;
  std::int64_t checked_readers_us_ = 0;
};

// The Error for a code of LMDB other than success.
Error lmdb_error(const std::string& operation, int code, const std::filesystem::path& directory);

}  // namespace rtml::lmdb
