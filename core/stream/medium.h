// Which plugin reads a source's stream, and with which options.

#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"
#include "core/project/definitions.h"

namespace rtml::stream {

struct Medium {
  std::string type;  // Of the storage plugin.
  Json options = Json::object();
};

// Paths among the options start from `root`. With `is_standard_input` the lines of standard input
// take the place of the source's stream. REQUIRES: source.stream.
Medium medium_of(const project::Source& source, const std::filesystem::path& root,
                 bool is_standard_input);

}  // namespace rtml::stream
