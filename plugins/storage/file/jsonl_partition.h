// One file, or a pipe, as a partition of a stream: its lines from an offset on.
//
// A message's offset is the byte at which its line starts. Lines are looked at where they were read
// to, without a copy.

#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_source.h"
#include "core/base/result.h"
#include "rtml/sdk/storage.h"

namespace rtml::file {

class JsonlPartition {
 public:
  JsonlPartition(std::int32_t number, std::string file, std::string name)
      : number_(number), file_(std::move(file)), name_(std::move(name)) {}

  std::int32_t number() const { return number_; }
  bool is_started() const { return is_started_; }
  // The end is that of the file as it is now: one more than where its last line starts, so that a
  // reader of all lines has no lag; -1 for a pipe.
  Result<sdk::Partition> describe();

  // Reading goes on with the line that starts at `offset` or after it. A pipe cannot go back: what
  // comes out of it next has this offset. Fails with kNotFound if the file ends before.
  Status start(std::int64_t offset);

  enum class State {
    kGiven,  // Lines were given; there may be more.
    kIdle,   // No complete line now.
    kEnded,  // There will never be one.
  };
  // Adds the lines that the window holds, at most `limit` and 16 MiB of them, after reading on if
  // it holds none. They stay valid until the next call. Blank lines are no messages. Where
  // `is_complete`, the end of the file is the end, and a last line without its line end counts if
  // it is a whole JSON object or list: what is not may still be written.
  Result<State> take(std::int64_t limit, bool is_complete, std::vector<sdk::Message>* messages);

 private:
  Status open();
  // Fails with kNotFound if this is another file than the one that was read, or a shorter one.
  Status check_same(const struct stat& status) const;
  // The size of the file of this name, which is the one that was read.
  Result<std::int64_t> size_now() const;
  // The bytes of the next line with its end; 0 if it is not there yet.
  Result<std::size_t> find_line(bool is_complete);
  bool take_line(std::size_t size, std::vector<sdk::Message>* messages);

  std::int32_t number_;
  std::string file_;
  std::string name_;
  bool is_started_ = false;
  std::optional<ByteSource> source_;  // Nothing: not needed at the moment.
  std::int64_t position_ = 0;         // Of the window in the file.
  std::int64_t idle_size_ = -1;       // What was read of the file when no line was left.
  std::int64_t inode_ = -1;           // Of the file that was read.
  std::chrono::steady_clock::time_point last_given_;
  std::size_t searched_ = 0;          // Of the window, without a line end.
  std::int64_t described_size_ = -1;  // For which described_end_ was found.
  std::int64_t described_end_ = 0;
  bool is_pipe_ = false;
  bool at_end_ = false;  // The last read gave nothing.
  bool skips_line_ = false;
};

}  // namespace rtml::file
