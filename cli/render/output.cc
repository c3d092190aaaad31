#include "cli/render/output.h"

#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <string>

namespace rtml::cli {

WriteOutcome write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return WriteOutcome::kReaderGone;
    } else if (errno != EINTR) {
      return WriteOutcome::kFailed;
    }
  }
  return WriteOutcome::kDone;
}

Result<bool> StandardOutput::write(std::string_view text) {
  switch (write_all(STDOUT_FILENO, text)) {
    case WriteOutcome::kDone:
      return true;
    case WriteOutcome::kReaderGone:
      return false;
    case WriteOutcome::kFailed:
      break;
  }
  return fail(ErrorCode::kIo,
              std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace rtml::cli
