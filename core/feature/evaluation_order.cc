#include "core/feature/evaluation_order.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace rtml::feature {
namespace {

enum class Mark : std::uint8_t { kNew, kOnPath, kDone };

// A feature on the path from a root, with the next one of its uses to look at.
struct Step {
  std::size_t feature;
  std::size_t next_use = 0;
};

// Appends `root` and all that it needs. Without recursion: a chain may be as long as a view.
void visit(std::size_t root, const std::vector<std::vector<std::size_t>>& uses,
           std::vector<Mark>& marks, EvaluationOrder& result) {
  std::vector<Step> path;
  const auto enter = [&](std::size_t feature) {
    marks[feature] = Mark::kOnPath;
    path.push_back({feature});
  };
  if (marks[root] == Mark::kNew) enter(root);
  while (!path.empty()) {
    Step& step = path.back();
    if (step.next_use == uses[step.feature].size()) {
      marks[step.feature] = Mark::kDone;
      result.order.push_back(step.feature);
      path.pop_back();
      continue;
    }
    const std::size_t used = uses[step.feature][step.next_use++];
    if (marks[used] == Mark::kOnPath) {
      const auto start = std::find_if(path.begin(), path.end(),
                                      [&](const Step& at) { return at.feature == used; });
      for (auto at = start; at != path.end(); ++at) result.circle.push_back(at->feature);
      return;
    }
    if (marks[used] == Mark::kNew) enter(used);
  }
}

}  // namespace

EvaluationOrder evaluation_order(const std::vector<std::vector<std::size_t>>& uses) {
  EvaluationOrder result;
  std::vector<Mark> marks(uses.size(), Mark::kNew);
  for (std::size_t root = 0; root < uses.size() && result.circle.empty(); ++root) {
    visit(root, uses, marks, result);
  }
  return result;
}

}  // namespace rtml::feature
