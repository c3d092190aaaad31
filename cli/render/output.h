// Writing whole texts to the standard streams, with errors noticed.

#pragma once

#include <string_view>

namespace rtml::cli {

enum class WriteOutcome { kDone, kReaderGone, kFailed };

// Writes all of `text` to a file descriptor. kReaderGone: the other end of a pipe was closed.
// kFailed leaves the reason in errno.
WriteOutcome write_all(int descriptor, std::string_view text);

}  // namespace rtml::cli
