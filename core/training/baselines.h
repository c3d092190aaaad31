// Models that learn nothing, which a real one must beat.

#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/gate/evaluation.h"

namespace rtml::training {

// The same value for every row: the mean label of the training rows, which for classes is the
// share of label 1 and so says the majority class at a threshold of 0.5.
gate::Baseline majority(std::span<const double> train_labels, std::size_t test_rows);

// For each test row the label of the latest event whose label was known at the row's time: its
// event is `maturity_us` or more before, and in any case before the row itself. Rows before any
// known label get the mean training label. `history` is sorted by time; of events of one time the
// later in `history` counts. Missing where test rows have no time.
gate::Baseline no_change(std::span<const std::int64_t> test_times_us,
                         const std::vector<std::pair<std::int64_t, double>>& history,
                         std::int64_t maturity_us, std::span<const double> train_labels);

}  // namespace rtml::training
