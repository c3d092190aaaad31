#include "cli/render/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/descriptor.h"

namespace rtml::cli {

WriteOutcome write_all(int descriptor, std::string_view text) {
  if (rtml::write_all(descriptor, text)) return WriteOutcome::kDone;
  return errno == EPIPE ? WriteOutcome::kReaderGone : WriteOutcome::kFailed;
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
