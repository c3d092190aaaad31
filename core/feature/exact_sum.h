// The sums of core/base/exact_sum.h under the names that this folder uses.

#pragma once

#include "core/base/exact_sum.h"

namespace rtml::feature {

using rtml::canonical;
using rtml::ExactSum;
using rtml::Int128;
using rtml::round_scaled;
using rtml::round_wide;
using rtml::to_double;
using rtml::UnsignedInt128;

}  // namespace rtml::feature
