// Single values between JSON or text and the kernel, as requests bring them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/table/types.h"
#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::online {

// Reads a JSON value as one of `type`: numbers for INT32, INT64, FLOAT and DOUBLE (also "NaN",
// "Infinity", "-Infinity"), texts, booleans, RFC 3339 or an integer of `unit` (microseconds where
// there is none) for TIMESTAMP, {"base64": "…"} too for BYTES, arrays for lists, null. The value
// points into `json` and `memory`. Fails with kBadOptionValue; `what` names the value.
Result<table::Value> value_of_json(const Json& json, table::DataType type,
                                   std::optional<project::TimeUnit> unit, std::string_view what,
                                   table::ValueMemory& memory);

// Reads a value from a command line: a number, true or false, RFC 3339, or the text itself; no
// list. The value points into `text`. Fails with kBadOptionValue.
Result<table::Value> value_of_text(const std::string& text, table::DataType type,
                                   std::string_view what);

// Writes a value of `type`; a TIMESTAMP as RFC 3339, BYTES that are not UTF-8 as {"base64": "…"}, a
// list as an array.
Json json_of_value(const table::Value& value, table::DataType type);

}  // namespace rtml::online
