// What differs between two contents of a definition, in words.

#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"

namespace rtml::plan {

// Compares two contents (core/project/identity.h) of one kind: "ttl: 30d -> 60d",
// "feature risk_7d: added", "feature risk_7d: window 7d -> 14d", "source changed".
std::vector<std::string> differences(const Json& before, const Json& after);

}  // namespace rtml::plan
