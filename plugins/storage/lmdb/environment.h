// An LMDB environment, which a process may open only once: stores on one directory share it.

#pragma once

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/base/result.h"

namespace rtml::lmdb {

class Environment {
 public:
  // Opens or makes the environment in a directory. `map_bytes` bounds its size; it is address
  // space, not memory or disk.
  static Result<std::shared_ptr<Environment>> open(const std::filesystem::path& directory,
                                                   std::uint64_t map_bytes);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

  MDB_env* get() const { return environment_; }
  MDB_dbi data() const { return data_; }
  // Scope -> the highest epoch that was committed, 8 bytes, little-endian.
  MDB_dbi epochs() const { return epochs_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  explicit Environment(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Status start(std::uint64_t map_bytes);

  std::filesystem::path directory_;
  MDB_env* environment_ = nullptr;
  MDB_dbi data_ = 0;
  MDB_dbi epochs_ = 0;
};

// The Error for a code of LMDB other than success.
Error lmdb_error(const std::string& operation, int code, const std::filesystem::path& directory);

}  // namespace rtml::lmdb
