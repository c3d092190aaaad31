// Lines of a file or of standard input, one after the other.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/byte_source.h"
#include "core/base/cancel.h"
#include "core/base/result.h"

namespace rtml::cli {

class LineSource {
 public:
  struct Line {
    std::string_view text;  // Without its end; valid until the next call.
    int number = 0;         // From 1, empty lines counted.
  };

  // "-" is standard input. `cancel` must outlive this. Fails with kNotFound or kIo.
  static Result<LineSource> open(const std::string& path, const CancelFlag& cancel);

  // As errors name it: the path, or "standard input".
  const std::string& name() const { return name_; }
  // The next line that is not blank; nothing at the end. Waits for it unless `waits` is false:
  // nothing then means that there is none yet, or none at all. Fails with kInterrupted, kIo, or
  // kDataCorrupt for a line without end.
  Result<std::optional<Line>> next(bool waits);

 private:
  LineSource(std::string name, ByteSource bytes, const CancelFlag& cancel)
      : name_(std::move(name)), bytes_(std::move(bytes)), cancel_(&cancel) {}
  // Fails with kInterrupted.
  Result<bool> more();

  std::string name_;
  ByteSource bytes_;
  const CancelFlag* cancel_;
  std::size_t used_ = 0;     // Bytes of the window that belong to the last line.
  std::size_t scanned_ = 0;  // Bytes of the window that have no end of a line.
  int number_ = 0;
};

}  // namespace rtml::cli
