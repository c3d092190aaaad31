// Which events a window holds at a moment, and which buckets folded events fall into: the one place
// that knows where windows begin and end. The kernel, the sweep and whoever lays out kept state ask
// here. Plain values and arithmetic.

#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/project/definitions.h"

namespace rtml::feature {

// A window of a compiled view; docs/features.md says what each kind means.
struct Window {
  project::WindowKind kind = project::WindowKind::kSliding;
  std::int64_t size_us = 0;        // Sliding and tumbling.
  std::int64_t delay_us = 0;       // Sliding.
  bool is_closed_open = false;     // Sliding: [t - delay - size, t - delay).
  std::int64_t resolution_us = 0;  // Sliding in tiles of this length; 0: exact.
  std::int64_t offset_us = 0;      // Tumbling; in [0, size_us).
  bool is_partial = false;         // Tumbling: the window so far, not the last complete one.
  std::int64_t gap_us = 0;         // Session.
  std::int64_t max_length_us = 0;  // Session.
  bool is_over = false;            // Session: the latest one that is over, not the open one.

  bool is_session() const { return kind == project::WindowKind::kSession; }
  bool is_tiled() const { return kind == project::WindowKind::kSliding && resolution_us > 0; }
  // Whether the kernel may keep accumulators of its buckets in place of events.
  bool is_foldable() const { return !is_session() && (resolution_us > 0 || !is_sliding()); }

  friend bool operator==(const Window&, const Window&) = default;

 private:
  bool is_sliding() const { return kind == project::WindowKind::kSliding; }
};

// The window of a feature that aggregates; its whole life where it names none.
project::Window written_window(const project::Feature& feature);
// What is wrong with a window, and what to do; empty: nothing.
struct WindowProblem {
  std::string message;
  std::string help;
};
// `is_foldable` says whether the aggregate can do with accumulators in place of events.
WindowProblem problem_of(const project::Window& window, std::string_view aggregate,
                         bool is_foldable, bool is_as_of_created);
// REQUIRES: there is no problem. What a kind does not have is left at its default, so that equal
// windows compare equal.
Window to_window(const project::Window& written);

// How far before a read the events lie that its window must have one by one. A session of several
// partitions is told by a pause, for which its greatest length and one gap are looked through.
inline std::int64_t reach_of(const Window& window) {
  if (window.is_session()) return window.gap_us + window.max_length_us;
  return window.is_foldable() ? 0 : window.size_us + window.delay_us;
}

// The least moment there is stands for "before all time": no event is there.
inline constexpr std::int64_t kBeforeAllTime = std::numeric_limits<std::int64_t>::min();

// Returns time - duration, held at the least moment there is. REQUIRES: the duration is >= 0.
inline std::int64_t earlier(std::int64_t time_us, std::int64_t duration_us) {
  std::int64_t result = 0;
  return __builtin_sub_overflow(time_us, duration_us, &result) ? kBeforeAllTime : result;
}

// How far `time` lies behind the latest offset + k * width at or before it: in [0, width).
// REQUIRES: 0 <= offset < width <= 2^61.
inline std::int64_t behind_boundary(std::int64_t time_us, std::int64_t width_us,
                                    std::int64_t offset_us) {
  std::int64_t behind_us = time_us % width_us - offset_us;
  if (behind_us < 0) behind_us += width_us;
  return behind_us < 0 ? behind_us + width_us : behind_us;
}

// The times of a window's events at a read: (low, high]. Both never fall as the read's time rises.
struct WindowEnds {
  std::int64_t low_us;
  std::int64_t high_us;

  bool is_empty() const { return low_us >= high_us; }
};

// Where the window of a read at `time_us` begins and ends. Times are whole microseconds, so that
// [a, b) is (a - 1, b - 1]. REQUIRES: the window is no session, whose ends depend on the events.
inline WindowEnds ends_of(const Window& window, std::int64_t time_us) {
  using project::WindowKind;
  if (window.kind == WindowKind::kLifetime) return {kBeforeAllTime, time_us};
  if (window.kind == WindowKind::kTumbling) {
    const std::int64_t behind_us = behind_boundary(time_us, window.size_us, window.offset_us);
    const std::int64_t start_us = earlier(time_us, behind_us);  // Of the window that t is in.
    if (window.is_partial) return {earlier(start_us, 1), time_us};
    return {earlier(start_us, window.size_us + 1), earlier(start_us, 1)};
  }
  std::int64_t high_us = earlier(time_us, window.delay_us);
  std::int64_t low_us = earlier(high_us, window.size_us);
  if (window.resolution_us > 0) {
    // Size and delay are whole tiles, so both ends lie equally far behind a tile's end.
    const std::int64_t behind_us = behind_boundary(time_us, window.resolution_us, 0);
    low_us = earlier(low_us, behind_us);
    if (window.delay_us > 0) high_us = earlier(high_us, behind_us);
  }
  if (!window.is_closed_open) return {low_us, high_us};
  return {earlier(low_us, 1), earlier(high_us, 1)};
}

// How a foldable window cuts time into buckets of `width_us`: bucket k holds the times
// (k * width + offset, (k + 1) * width + offset] or, closed-open, with the other ends. Width 0 is
// one bucket, 0, for all of time.
struct Buckets {
  std::int64_t width_us = 0;
  std::int64_t offset_us = 0;
  bool is_closed_open = false;

  // REQUIRES: the time is not kBeforeAllTime.
  std::int64_t of(std::int64_t time_us) const {
    if (width_us == 0) return 0;
    const std::int64_t at_us = is_closed_open ? time_us : time_us - 1;
    const std::int64_t index = floor_divide(at_us, width_us);
    const std::int64_t rest = at_us % width_us;
    return (rest < 0 ? rest + width_us : rest) < offset_us ? index - 1 : index;
  }

  friend bool operator==(const Buckets&, const Buckets&) = default;
};

// REQUIRES: the window is foldable.
inline Buckets buckets_of(const Window& window) {
  using project::WindowKind;
  if (window.kind == WindowKind::kLifetime) return {};
  if (window.kind == WindowKind::kTumbling) return {window.size_us, window.offset_us, true};
  return {window.resolution_us, 0, window.is_closed_open};
}

// The buckets that a window's events fall into, both included; none where first > last. The first
// belongs to the window wholly; the last does too or, where the window reaches up to the read's
// time, as far as there are events at that time.
struct BucketRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
inline BucketRange range_of(const Buckets& buckets, const WindowEnds& ends) {
  if (ends.is_empty()) return {};
  return {buckets.of(ends.low_us + 1), buckets.of(ends.high_us)};
}

// Cuts events, given in order, into sessions: an event starts a new one where it comes more than
// `gap` after the one before it, or more than `max_length` after the first of its session.
class SessionCutter {
 public:
  explicit SessionCutter(const Window& window)
      : gap_us_(window.gap_us), max_length_us_(window.max_length_us) {}

  // Takes the next event. Returns whether it starts a session.
  bool next(std::int64_t time_us) {
    const bool is_start = is_over_at(time_us);
    if (is_start) first_us_ = time_us;
    last_us_ = time_us;
    has_events_ = true;
    return is_start;
  }

  // Whether the session of the last event is over at `time_us`, which is not before that event: an
  // event then would start a new one. Before the first event it is.
  bool is_over_at(std::int64_t time_us) const {
    return !has_events_ || last_us_ < earlier(time_us, gap_us_) ||
           first_us_ < earlier(time_us, max_length_us_);
  }

 private:
  std::int64_t gap_us_;
  std::int64_t max_length_us_;
  std::int64_t first_us_ = 0;
  std::int64_t last_us_ = 0;
  bool has_events_ = false;
};

}  // namespace rtml::feature
