// Which of the values of a block are the same. Internal to core/feature.

#pragma once

#include "core/feature/sweep_block.h"

namespace rtml::feature {

// Makes Prefix::value_numbers and value_events of the task's prefix, if they are not there.
// REQUIRES: the task has values.
void make_value_numbers(const SweepTask& task);

}  // namespace rtml::feature
