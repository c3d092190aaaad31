// Which rtml this is. The values are written by the build.

#pragma once

#include <string_view>

namespace rtml::cli {

std::string_view version_number();  // "0.1.0"
std::string_view version_commit();  // Of the source tree, 40 hexadecimal digits; may be empty.
std::string_view build_type();      // "Release"

}  // namespace rtml::cli
