// A temporary file for what does not fit into memory.
//
// The file has no name: whatever ends the process, the space is free again. Any thread may use it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string_view>

#include "core/base/result.h"

namespace rtml::dataset {

class SpillFile {
 public:
  // Does nothing; the file is made by the first append(), in `directory`.
  explicit SpillFile(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  // Writes bytes behind the others and returns where they are. Fails with kIo, for example when
  // the disk is full.
  Result<std::int64_t> append(std::string_view bytes);
  // REQUIRES: append() has returned for these bytes.
  Status read(std::int64_t offset, std::span<char> bytes) const;

  // REQUIRES: no append() at the same time.
  std::int64_t size() const { return size_; }

 private:
  Status open();

  std::filesystem::path directory_;
  std::mutex mutex_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace rtml::dataset
