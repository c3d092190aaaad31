// In which order features are computed that read each other. Internal to core/feature.

#pragma once

#include <cstddef>
#include <vector>

namespace rtml::feature {

struct EvaluationOrder {
  std::vector<std::size_t> order;  // Each after those that it reads.
  // Features that read each other in a circle, each the next one; empty: there is no circle.
  std::vector<std::size_t> circle;
};

// `uses` are the features that each reads.
EvaluationOrder evaluation_order(const std::vector<std::vector<std::size_t>>& uses);

}  // namespace rtml::feature
