// The cases that other engines test their windows with, each with rows of our own: Bytewax
// (test_sliding_windower, test_session_windower), Chronon (SawtoothAggregatorTest,
// SawtoothOnlineAggregatorTest, held against a naive pass over the events as there).

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/feature/kernel.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using project::WindowKind;
using table::Kind;

constexpr std::int64_t kNine = 1'678'957'200 * kSecond;  // 2023-03-16T09:00:00Z

// A kernel over features of one integer, y.
class Windows {
 public:
  explicit Windows(const ViewBuilder& view)
      : view_(view), program_(view_.program()), kernel_(program_), state_(kernel_.make_state()) {}

  void add(std::int64_t time_us, std::int64_t y = 1) {
    SourceRow row;
    row.t = time_us;
    row.y = y;
    const auto events = event_columns(program_, to_batch(view_.schema, {row}), "the row");
    REQUIRE(events);
    CHECK(kernel_.update(state_, event_of(*events, 0).event) == UpdateOutcome::kApplied);
  }
  std::string read(std::int64_t time_us) {
    const auto row = kernel_.read(state_, time_us);
    REQUIRE_MESSAGE(row.has_value(), row.error().message());
    std::string text;
    for (const table::Value& value : row->values) text += (text.empty() ? "" : " ") + show(value);
    return text;
  }
  void trim(std::int64_t oldest_read_us) { kernel_.trim(state_, oldest_read_us); }
  void merge(const Windows& other) { kernel_.merge(state_, other.state_); }

 private:
  ViewBuilder view_;
  Program program_;
  Kernel kernel_;
  State state_;
};

ViewBuilder counting(const project::Window& window) {
  ViewBuilder view;
  view.aggregate_over("n", {Kind::kInt64}, "count", window);
  return view;
}

struct Hop {
  std::int64_t hop_s;
  std::int64_t event_ms;           // From nine o'clock.
  std::vector<std::int64_t> seen;  // Which of the windows [k hop, k hop + 10 s) the event is in.
};

const std::vector<Hop>& hops() {
  static const std::vector<Hop> all = {
      {5, 13'000, {1, 2}},    {5, -3'000, {-2, -1}},     {5, 3'000, {-1, 0}},
      {5, 7'000, {0, 1}},     {5, 15'000, {2, 3}},       {5, -5'000, {-2, -1}},
      {5, 0, {-1, 0}},        {5, 10'000, {1, 2}},       {3, 11'000, {1, 2, 3}},
      {3, 11'500, {1, 2, 3}}, {3, -1'000, {-3, -2, -1}}, {3, -1'500, {-3, -2, -1}},
      {3, 5'000, {-1, 0, 1}}, {7, 14'000, {1, 2}},       {7, -7'000, {-2, -1}},
      {7, 0, {-1, 0}},        {7, 17'000, {2}},          {7, -4'000, {-1}},
      {7, 10'000, {1}},       {10, 15'000, {1}},         {10, -5'000, {-1}},
      {10, 5'000, {0}},       {10, 20'000, {2}},         {10, -10'000, {-1}},
      {10, 0, {0}},           {10, 10'000, {1}}};
  return all;
}

project::Window session(std::int64_t gap_us) {
  project::Window window;
  window.kind = WindowKind::kSession;
  window.gap_us = gap_us;
  return window;
}

// How many events the session has that is open at a moment, after events came in this order.
std::string in_session(const std::vector<std::int64_t>& seconds, std::int64_t at_s) {
  Windows windows(counting(session(10 * kSecond)));
  for (const std::int64_t second : seconds) windows.add(kNine + second * kSecond);
  return windows.read(kNine + at_s * kSecond);
}

}  // namespace

TEST_CASE(
    "Bytewax: an event is in the sliding windows that begin at or before it and end after it") {
  project::Window window;
  window.size_us = 10 * kSecond;
  window.bounds = project::WindowBounds::kClosedOpen;
  for (const Hop& hop : hops()) {
    CAPTURE(hop.hop_s);
    CAPTURE(hop.event_ms);
    for (const std::int64_t origin_us : {kNine, std::int64_t{0}}) {
      Windows windows(counting(window));
      windows.add(origin_us + hop.event_ms * kMillisecond);
      for (std::int64_t k = -8; k <= 8; ++k) {
        CAPTURE(k);
        const bool is_seen = std::find(hop.seen.begin(), hop.seen.end(), k) != hop.seen.end();
        const std::int64_t end_us = origin_us + (k * hop.hop_s + 10) * kSecond;
        // Before its first event nothing is known of an entity, which counts as none.
        CHECK(windows.read(end_us) == (is_seen ? "1" : "0"));
      }
    }
  }
}

TEST_CASE("Bytewax: windows as long as their hop are tumbling ones") {
  project::Window window;
  window.kind = WindowKind::kTumbling;
  window.size_us = 10 * kSecond;
  for (const Hop& hop : hops()) {
    if (hop.hop_s != 10) continue;
    CAPTURE(hop.event_ms);
    Windows windows(counting(window));
    windows.add(kNine + hop.event_ms * kMillisecond);
    for (std::int64_t k = -4; k <= 4; ++k) {
      CHECK(windows.read(kNine + (k * 10 + 10) * kSecond) == (hop.seen.front() == k ? "1" : "0"));
    }
  }
}

TEST_CASE("Bytewax: a session goes on within its gap, the gap itself included") {
  CHECK(in_session({0}, 0) == "1");
  CHECK(in_session({0, 5}, 5) == "2");
  CHECK(in_session({0, 10}, 10) == "2");
  CHECK(in_session({0, 11}, 11) == "1");
}

TEST_CASE("Bytewax: an earlier event extends a session backwards") {
  CHECK(in_session({0, -5}, 0) == "2");
  CHECK(in_session({0, -10}, 0) == "2");
  CHECK(in_session({0, -11}, 0) == "1");
}

TEST_CASE("Bytewax: an event between two sessions joins them") {
  CHECK(in_session({0, 20}, 20) == "1");
  CHECK(in_session({0, 20, 10}, 20) == "3");
  CHECK(in_session({0, 10, 5}, 10) == "3");
  CHECK(in_session({0, 5, 10}, 10) == "3");
}

TEST_CASE("Bytewax: sessions that are further apart stay apart") {
  const std::vector<std::int64_t> seconds = {0, 20, 25, 40};
  CHECK(in_session(seconds, 0) == "1");
  CHECK(in_session(seconds, 25) == "2");
  CHECK(in_session(seconds, 40) == "1");
}

namespace {

struct NaiveEvent {
  std::int64_t time_us;
  std::int64_t y;
};

struct HoppedWindow {
  std::int64_t size_us;
  std::int64_t hop_us;
};
// The hops that Chronon gives windows of these sizes.
constexpr HoppedWindow kHopped[] = {
    {kHour, 5 * kMinute}, {kDay, kHour}, {7 * kDay, kHour}, {30 * kDay, kDay}};

ViewBuilder averages() {
  ViewBuilder view;
  for (const HoppedWindow& hopped : kHopped) {
    project::Window window;
    window.size_us = hopped.size_us;
    window.resolution_us = hopped.hop_us;
    window.bounds = project::WindowBounds::kClosedOpen;
    view.aggregate_over("mean" + std::to_string(view.view.features.size()), {Kind::kDouble},
                        "mean(y)", window);
  }
  view.aggregate_over("all", {Kind::kInt64}, "sum(y)", std::nullopt);
  return view;
}

std::int64_t floored(std::int64_t time_us, std::int64_t to_us) {
  return time_us - ((time_us % to_us) + to_us) % to_us;
}

// [floor(t - size, hop), t) of each window, by one pass over all events.
std::string naive(const std::vector<NaiveEvent>& events, std::int64_t at_us) {
  std::string text;
  for (const HoppedWindow& hopped : kHopped) {
    std::int64_t sum = 0;
    std::int64_t count = 0;
    for (const NaiveEvent& event : events) {
      if (event.time_us < floored(at_us - hopped.size_us, hopped.hop_us)) continue;
      if (event.time_us >= at_us) continue;
      sum += event.y;
      ++count;
    }
    text +=
        count == 0
            ? "null "
            : show(table::Value::of_number(static_cast<double>(sum) / static_cast<double>(count))) +
                  " ";
  }
  std::int64_t all = 0;
  for (const NaiveEvent& event : events) all += event.time_us <= at_us ? event.y : 0;
  return text + show(table::Value::of_integer(all));
}

std::vector<NaiveEvent> random_events(std::mt19937_64& random, int count, std::int64_t span_us) {
  std::vector<NaiveEvent> events;
  for (int i = 0; i < count; ++i) {
    const auto back = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span_us));
    // Whole milliseconds, so that some meet the ends of hops.
    events.push_back(
        {kNine - floored(back, kMillisecond), static_cast<std::int64_t>(random() % 1'000)});
  }
  return events;
}

}  // namespace

TEST_CASE("Chronon: windows whose far end moves in hops, at whole hops and at any moment") {
  std::mt19937_64 random(11);
  const std::vector<NaiveEvent> events = random_events(random, 2'000, 180 * kDay);
  Windows windows(averages());
  for (const NaiveEvent& event : events) windows.add(event.time_us, event.y);
  for (int i = 0; i < 300; ++i) {
    const auto back = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(90 * kDay));
    const std::int64_t at_us = kNine - floored(back, i % 2 == 0 ? 5 * kMinute : kMillisecond);
    CAPTURE(at_us);
    CHECK(windows.read(at_us) == naive(events, at_us));
  }
}

TEST_CASE("Chronon: what batches have folded and what came since read as one pass") {
  std::mt19937_64 random(13);
  const std::vector<NaiveEvent> events = random_events(random, 2'000, 60 * kDay);
  const std::int64_t batch_end_us = kNine - kDay;
  Windows first(averages());
  Windows second(averages());
  for (std::size_t i = 0; i < events.size(); ++i) {
    (i % 2 == 0 ? first : second).add(events[i].time_us, events[i].y);
  }
  first.trim(batch_end_us);
  second.trim(batch_end_us);
  first.merge(second);
  for (int i = 0; i < 300; ++i) {
    const auto back = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kDay));
    const std::int64_t at_us = kNine - floored(back, i % 2 == 0 ? 5 * kMinute : kMillisecond);
    CAPTURE(at_us);
    CHECK(first.read(at_us) == naive(events, at_us));
  }
}

}  // namespace rtml::feature
