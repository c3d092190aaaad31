// A value of JSON as a person reads it.

#pragma once

#include <string>

#include "core/base/json.h"

namespace rtml::cli {

// A text without its quotes; anything else as JSON.
inline std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

}  // namespace rtml::cli
