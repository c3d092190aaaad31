// The bytes of a file through one growing window, so that records may be looked at in place.

#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml {

class ByteSource {
 public:
  // Fails with kNotFound or kIo; "-" is standard input. `padding` bytes after the window may be
  // read (their content means nothing).
  static Result<ByteSource> open(const std::string& file, std::size_t padding = 0);
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&&) = delete;
  ~ByteSource();

  // The bytes read and not consumed. Valid until more() or consume().
  std::string_view window() const { return {buffer_.data() + start_, end_ - start_}; }
  // Reads more bytes behind the window. False at the end of the file. Fails with kDataCorrupt if
  // the window would exceed the limit of a record.
  Result<bool> more();
  void consume(std::size_t count) { start_ += count; }
  // Whether more() would not wait, within `timeout_ms`: a pipe may have nothing yet.
  bool is_ready(int timeout_ms = 0) const;
  // What the system says of the file that is open, whatever bears its name by now.
  Result<struct stat> status() const;
  // Continues at a byte of the file; the window becomes empty.
  Status seek(std::int64_t position);

 private:
  ByteSource(std::string file, int descriptor, std::size_t padding)
      : file_(std::move(file)), descriptor_(descriptor), padding_(padding) {}

  std::string file_;
  int descriptor_;
  std::size_t padding_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

}  // namespace rtml
