#include "core/dataset/input_reach.h"

#include <algorithm>

namespace rtml::dataset {
namespace {

// Tiles and tumbling windows may begin up to their width before they would if they slid.
std::optional<std::int64_t> reach_of_window(const feature::Window& window) {
  switch (window.kind) {
    case project::WindowKind::kSliding:
      return window.size_us + window.delay_us + window.resolution_us;
    case project::WindowKind::kTumbling:
      return window.is_partial ? window.size_us : 2 * window.size_us;
    case project::WindowKind::kSession:
    case project::WindowKind::kLifetime:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> input_reach_us(const feature::Program& program) {
  std::int64_t reach_us = program.ttl_us;
  for (const feature::Cell& cell : program.cells) {
    if (cell.aggregate == nullptr) {
      if (program.ttl_us == 0) return std::nullopt;
      continue;
    }
    const std::optional<std::int64_t> reach = reach_of_window(program.windows[cell.window]);
    if (!reach) return std::nullopt;
    reach_us = std::max(reach_us, *reach);
  }
  return reach_us;
}

}  // namespace rtml::dataset
