// Entities and the columns of their requests, as a command line names them.

#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/online/request.h"

namespace rtml::cli {

// Reads KEY=VALUE texts; a key that comes again starts the next entity. One entity without keys if
// there are none. Fails with kBadOptionValue.
Result<std::vector<online::NamedTexts>> entities_of(const std::vector<std::string>& texts);

// The same for columns of requests: COLUMN=VALUE, where a column that comes again starts the next
// request, or a JSON object, which is one request. None if there are none.
Result<std::vector<online::NamedValues>> requests_of(const std::vector<std::string>& texts);

}  // namespace rtml::cli
