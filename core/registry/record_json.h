// Runs and model versions as JSON, the form in which events and tables hold them.
//
// Internal to core/registry. Reading is lenient about what is absent or of a wrong type (it comes
// out empty), so that damaged records can be shown and compared.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/registry/records.h"

namespace rtml::registry {

// The member's value, or null, "", 0 where it is absent or of another type.
Json member(const Json& object, std::string_view name);
std::string text_member(const Json& object, std::string_view name);
std::int64_t integer_member(const Json& object, std::string_view name);

// Without the event's number, which the row holds.
Json run_to_json(const Run& run);
Run run_from_json(const Json& json);

Json version_to_json(const ModelVersion& version);
ModelVersion version_from_json(const Json& json);

}  // namespace rtml::registry
