#include "core/feature/window.h"

namespace rtml::feature {
namespace {

using project::WindowKind;

// No window may reach back further; longer ones are mistakes and would overflow.
constexpr std::int64_t kMaximumReach = 10'000 * 366 * kDay;

bool is_length(std::int64_t length_us) {
  return length_us > 0 && length_us <= kMaximumReach;
}
bool is_shift(std::int64_t shift_us) {
  return shift_us >= 0 && shift_us <= kMaximumReach;
}

std::string problem_of_sliding(const project::Window& window) {
  if (!is_length(window.size_us) || !is_shift(window.delay_us)) {
    return "a window's size must be above 0 and reach back 10,000 years at most";
  }
  const std::int64_t tile_us = window.resolution_us;
  if (tile_us == 0) return "";
  if (tile_us < 0 || window.size_us % tile_us != 0 || window.delay_us % tile_us != 0) {
    return "size and delay must be multiples of the resolution: " + format_duration(tile_us);
  }
  return "";
}

std::string problem_of_lengths(const project::Window& window) {
  if (window.kind == WindowKind::kSliding) return problem_of_sliding(window);
  if (window.delay_us != 0 || window.resolution_us != 0 ||
      window.bounds != project::WindowBounds::kOpenClosed) {
    return "a " + std::string(to_string(window.kind)) +
           " window has no delay, resolution or bounds";
  }
  if (window.kind == WindowKind::kTumbling) {
    if (!is_length(window.size_us)) {
      return "a window's size must be above 0 and 10,000 years at most";
    }
    if (!is_shift(window.offset_us)) return "an offset must be 0 to 10,000 years";
  }
  if (window.kind == WindowKind::kSession &&
      (!is_length(window.gap_us) || !is_length(window.max_length_us))) {
    return "a session's gap and max_length must be above 0 and 10,000 years at most";
  }
  return "";
}

// "sliding window with `resolution`", "session window".
std::string name_of(const Window& window) {
  if (window.is_tiled()) return "sliding window with `resolution`";
  return std::string(to_string(window.kind)) + " window";
}

}  // namespace

project::Window written_window(const project::Feature& feature) {
  project::Window lifetime;
  lifetime.kind = WindowKind::kLifetime;
  return feature.window.value_or(lifetime);
}

WindowProblem problem_of(const project::Window& written, std::string_view aggregate,
                         bool is_foldable, bool is_as_of_created) {
  const std::string lengths = problem_of_lengths(written);
  if (!lengths.empty()) return {lengths, "docs/features.md lists what each kind of window takes"};
  const Window window = to_window(written);
  if (is_as_of_created && (window.is_foldable() || window.is_session())) {
    return {"as_of_created needs sliding windows without resolution",
            "only of single events can it be told what was created by a moment"};
  }
  if (window.is_foldable() && !is_foldable) {
    return {std::string(aggregate) + " needs every event of a window, which a " + name_of(window) +
                " does not keep",
            "use a sliding window without `resolution`, or a session"};
  }
  return {};
}

Window to_window(const project::Window& written) {
  Window window;
  window.kind = written.kind;
  switch (written.kind) {
    case WindowKind::kSliding:
      window.size_us = written.size_us;
      window.delay_us = written.delay_us;
      window.is_closed_open = written.bounds == project::WindowBounds::kClosedOpen;
      window.resolution_us = written.resolution_us;
      break;
    case WindowKind::kTumbling:
      window.size_us = written.size_us;
      window.offset_us = written.offset_us % written.size_us;
      window.is_partial = written.partial;
      break;
    case WindowKind::kSession:
      window.gap_us = written.gap_us;
      window.max_length_us = written.max_length_us;
      window.is_over = written.closed;
      break;
    case WindowKind::kLifetime:
      break;
  }
  return window;
}

}  // namespace rtml::feature
