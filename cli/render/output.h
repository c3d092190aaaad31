// Writing whole texts to the standard streams, with errors noticed.

#pragma once

#include <string_view>

#include "cli/output_stream.h"

namespace rtml::cli {

enum class WriteOutcome { kDone, kReaderGone, kFailed };

// Writes all of `text` to a file descriptor. kReaderGone: the other end of a pipe was closed.
// kFailed leaves the reason in errno.
WriteOutcome write_all(int descriptor, std::string_view text);

// The standard output of this process.
class StandardOutput : public OutputStream {
 public:
  Result<bool> write(std::string_view text) override;
};

}  // namespace rtml::cli
