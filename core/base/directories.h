// Directories that survive a power loss.

#pragma once

#include <filesystem>

#include "core/base/result.h"

namespace rtml {

// Makes a directory and those above it that are missing; they are durable when it returns. Nothing
// is to be done for an empty path. Fails with kIo.
Status make_directories(const std::filesystem::path& directory);

}  // namespace rtml
