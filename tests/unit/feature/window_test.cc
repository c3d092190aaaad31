// The ends of every kind of window, and what is kept behind them, each by hand.

#include "core/feature/window.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/feature/kernel.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using project::WindowKind;
using table::Kind;

project::Window tiled(std::int64_t size_us, std::int64_t resolution_us, std::int64_t delay_us = 0) {
  project::Window window;
  window.size_us = size_us;
  window.resolution_us = resolution_us;
  window.delay_us = delay_us;
  return window;
}
project::Window tumbling(std::int64_t size_us, std::int64_t offset_us = 0, bool partial = false) {
  project::Window window;
  window.kind = WindowKind::kTumbling;
  window.size_us = size_us;
  window.offset_us = offset_us;
  window.partial = partial;
  return window;
}
project::Window session(std::int64_t gap_us, std::int64_t max_length_us, bool closed = false) {
  project::Window window;
  window.kind = WindowKind::kSession;
  window.gap_us = gap_us;
  window.max_length_us = max_length_us;
  window.closed = closed;
  return window;
}

// A kernel over one window, counting and summing y.
class Counter {
 public:
  explicit Counter(const std::optional<project::Window>& window) {
    view_.aggregate_over("n", {Kind::kInt64}, "count", window)
        .aggregate_over("sum", {Kind::kInt64}, "sum(y)", window)
        .with_id();
    program_ = view_.program();
    kernel_.emplace(program_);
    state = kernel_->make_state();
  }

  UpdateOutcome add(std::int64_t t) { return add(t, t); }
  UpdateOutcome add(std::int64_t t, std::int64_t id) {
    SourceRow row;
    row.t = t;
    row.id = id;
    row.y = t;
    const auto events = event_columns(program_, to_batch(view_.schema, {row}), "the row");
    return kernel_->update(state, event_of(*events, 0).event);
  }
  // "2 30": how many events, and the sum of their times.
  std::string read(std::int64_t t) {
    const auto row = kernel_->read(state, t);
    if (!row) return std::string(row.error().message());
    return show(row->values[0]) + " " + show(row->values[1]);
  }
  void trim(std::int64_t t) { kernel_->trim(state, t); }
  void merge(const Counter& other) { kernel_->merge(state, other.state); }

  State state;

 private:
  ViewBuilder view_;
  Program program_;
  std::optional<Kernel> kernel_;
};

std::string ends(const project::Window& window, std::int64_t t) {
  const WindowEnds found = ends_of(to_window(window), t);
  return std::to_string(found.low_us) + " " + std::to_string(found.high_us);
}

}  // namespace

TEST_CASE("ends_of: tiles floor the tail, and with a delay the head") {
  CHECK(ends(tiled(10, 5), 20) == "10 20");
  CHECK(ends(tiled(10, 5), 21) == "10 21");
  CHECK(ends(tiled(10, 5), 24) == "10 24");
  CHECK(ends(tiled(10, 5), 25) == "15 25");
  CHECK(ends(tiled(10, 5), -1) == "-15 -1");
  CHECK(ends(tiled(10, 5, 5), 24) == "5 15");
  CHECK(ends(tiled(10, 5, 5), 25) == "10 20");
  project::Window open = tiled(10, 5);
  open.bounds = project::WindowBounds::kClosedOpen;
  CHECK(ends(open, 20) == "9 19");
  CHECK(ends(open, 24) == "9 23");
}

TEST_CASE("ends_of: tumbling windows start at the epoch plus an offset, also before it") {
  CHECK(ends(tumbling(10), 19) == "-1 9");
  CHECK(ends(tumbling(10), 20) == "9 19");  // Complete at its end.
  CHECK(ends(tumbling(10), -1) == "-21 -11");
  CHECK(ends(tumbling(10), 0) == "-11 -1");
  CHECK(ends(tumbling(10, 3), 12) == "-8 2");
  CHECK(ends(tumbling(10, 3), 13) == "2 12");
  CHECK(ends(tumbling(10, 0, true), 19) == "9 19");
  CHECK(ends(tumbling(10, 0, true), 20) == "19 20");
}

TEST_CASE("ends_of: at the ends of all time nothing overflows") {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  for (const auto& window : {tiled(10, 5, 5), tumbling(10, 3), tumbling(10, 3, true)}) {
    CHECK(ends_of(to_window(window), kLeast).is_empty());
    CHECK(ends_of(to_window(window), kGreatest).high_us > kGreatest - 20);
  }
}

TEST_CASE("Kernel: a tiled window sees the tiles that reach into it") {
  Counter counter(tiled(10, 5));
  for (const std::int64_t t : {10, 11, 15, 20}) counter.add(t);
  CHECK(counter.read(20) == "3 46");  // (10, 20]
  CHECK(counter.read(24) == "3 46");
  CHECK(counter.read(25) == "1 20");
  CHECK(counter.read(12) == "2 21");
}

TEST_CASE("Kernel: a tumbling window is the last complete one, or the current one so far") {
  Counter complete(tumbling(10));
  Counter partial(tumbling(10, 0, true));
  for (Counter* counter : {&complete, &partial}) {
    for (const std::int64_t t : {-1, 0, 9, 10, 12}) counter->add(t);
  }
  CHECK(complete.read(9) == "1 -1");
  CHECK(complete.read(10) == "2 9");
  CHECK(complete.read(20) == "2 22");
  CHECK(complete.read(30) == "0 null");
  CHECK(partial.read(9) == "2 9");
  CHECK(partial.read(11) == "1 10");
  CHECK(partial.read(20) == "0 null");
}

TEST_CASE("Kernel: a session ends after more than its gap, or after its greatest length") {
  Counter open(session(5, 12));
  Counter over(session(5, 12, true));
  for (Counter* counter : {&open, &over}) {
    for (const std::int64_t t : {0, 5, 11, 16, 20, 23, 24}) counter->add(t);
  }
  CHECK(open.read(5) == "2 5");    // A gap of exactly 5 does not end it,
  CHECK(open.read(10) == "2 5");   // nor does its being open for that long;
  CHECK(open.read(11) == "1 11");  // 6 do.
  CHECK(over.read(10) == "0 null");
  CHECK(over.read(11) == "2 5");
  CHECK(open.read(23) == "4 70");  // 12 after its first event it still goes on,
  CHECK(open.read(24) == "1 24");  // 13 after it a new one begins,
  CHECK(over.read(24) == "4 70");  // and it is over.
  CHECK(open.read(29) == "1 24");
  CHECK(open.read(30) == "0 null");
  CHECK(over.read(30) == "1 24");
}

TEST_CASE("Kernel: an aggregate without a window is that of the whole life") {
  Counter counter(std::nullopt);
  for (const std::int64_t t : {-1'000'000'000'000L, 0L, 7L}) counter.add(t);
  CHECK(counter.read(7) == "3 -999999999993");
  CHECK(counter.read(6) == "2 -1000000000000");
}

TEST_CASE("Kernel: folding bounds what is kept and changes no read it still allows") {
  for (const auto& window : std::vector<std::optional<project::Window>>{
           tiled(1'000, 100), tiled(1'000, 100, 300), tumbling(500, 70), std::nullopt}) {
    Counter whole(window);
    Counter folded(window);
    for (std::int64_t t = 0; t < 20'000; t += 7) {
      whole.add(t);
      CHECK(folded.add(t) == UpdateOutcome::kApplied);
      if (t % 70 == 0) folded.trim(t - 200);
    }
    CHECK(folded.state.events() < 200);
    for (const auto& buckets : folded.state.folds) CHECK(buckets.size() <= 15);
    for (std::int64_t t = 19'900; t < 21'500; t += 11) CHECK(folded.read(t) == whole.read(t));
    CHECK(folded.add(10'000, -1) == UpdateOutcome::kFolded);
    CHECK(folded.read(10'000).starts_with("cannot read view v as of "));
  }
}

TEST_CASE("Kernel: a session at the edge of what is kept goes on") {
  Counter whole(session(10, 50));
  Counter trimmed(session(10, 50));
  for (std::int64_t t = 0; t < 3'000; t += 9) {
    whole.add(t);
    trimmed.add(t);
    trimmed.trim(t - 5);
  }
  CHECK(trimmed.state.events() < 30);
  for (std::int64_t t = 2'993; t < 3'060; ++t) CHECK(trimmed.read(t) == whole.read(t));
}

TEST_CASE("Kernel: parts of several partitions join into what one would have kept") {
  Counter one(tiled(100, 10));
  Counter left(tiled(100, 10));
  Counter right(tiled(100, 10));
  for (std::int64_t t = 0; t < 1'000; t += 3) {
    one.add(t);
    (t % 2 == 0 ? left : right).add(t);
  }
  left.trim(900);
  right.trim(950);
  left.merge(right);
  CHECK(left.state.oldest_read_us == 950);
  for (std::int64_t t = 950; t < 1'100; t += 5) CHECK(left.read(t) == one.read(t));
}

TEST_CASE("Kernel: joined parts say when they cannot tell where a session began") {
  Counter left(session(10, 1'000));
  Counter right(session(10, 1'000));
  for (std::int64_t t = 0; t < 5'000; t += 8) (t % 16 == 0 ? left : right).add(t);
  left.trim(4'990);
  right.trim(4'990);
  left.merge(right);
  CHECK(left.read(4'995) ==
        "cannot read view v as of 1970-01-01T00:00:00.004995Z: what several partitions have kept "
        "does not tell where the session began");
}

TEST_CASE("Kernel: a pause tells joined parts where a session began") {
  Counter one(session(10, 1'000));
  Counter left(session(10, 1'000));
  Counter right(session(10, 1'000));
  for (std::int64_t t = 0; t < 5'000; t += 8) {
    if (t > 4'000 && t < 4'100) continue;
    one.add(t);
    (t % 16 == 0 ? left : right).add(t);
  }
  left.trim(4'990);
  right.trim(4'990);
  left.merge(right);
  for (std::int64_t t = 4'990; t < 5'010; ++t) CHECK(left.read(t) == one.read(t));
}

}  // namespace rtml::feature
