// Entities as a command line names them.

#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/online/request.h"

namespace rtml::cli {

// Reads KEY=VALUE texts; a key that comes again starts the next entity. One entity without keys if
// there are none. Fails with kBadOptionValue.
Result<std::vector<online::EntityKeyTexts>> entities_of(const std::vector<std::string>& texts);

}  // namespace rtml::cli
