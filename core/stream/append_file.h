// Adding lines to a file that others may add to.

#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"

namespace rtml::stream {

// Appends each line with a line end, durable when it returns. Creates file and directory where they
// are missing. What a killed process left of a line becomes a line of its own. Fails with kIo.
Status append_lines(const std::filesystem::path& path, std::span<const std::string> lines);

}  // namespace rtml::stream
