// Where a command whose result is a stream writes it while it runs.

#pragma once

#include <string_view>

#include "core/base/result.h"

namespace rtml::cli {

class OutputStream {
 public:
  virtual ~OutputStream() = default;
  // Writes all of `text`. Returns false if nobody reads any more: the command should end, and has
  // not failed. Fails with kIo.
  virtual Result<bool> write(std::string_view text) = 0;
};

}  // namespace rtml::cli
