// How far before a read the events lie that decide its values.

#pragma once

#include <cstdint>
#include <optional>

#include "core/feature/program.h"

namespace rtml::dataset {

// Returns the least duration d such that the values and the status of a read at t are those over
// the events at or after t - d alone; nothing where any earlier event may count: lifetimes,
// sessions, whose beginning depends on those before, and the latest row without a ttl. The status
// of views without a ttl, which only tells whether there was ever an event, is not looked at.
std::optional<std::int64_t> input_reach_us(const feature::Program& program);

}  // namespace rtml::dataset
