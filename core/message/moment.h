// Times as messages write them.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/project/definitions.h"

namespace rtml::message {

// The microseconds of an integer time; a nanosecond floors. Nothing if no four-digit year can write
// it.
std::optional<std::int64_t> moment_of_integer(std::int64_t value, project::TimeUnit unit);

// The microseconds of a text: RFC 3339 or, where there is a unit, an integer. Space around it is
// ignored. Nothing if it is neither.
std::optional<std::int64_t> moment_of_text(std::string_view text,
                                           std::optional<project::TimeUnit> unit);

}  // namespace rtml::message
