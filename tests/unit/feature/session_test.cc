// Sessions of an entity whose events are trimmed and of several partitions: what is kept is enough,
// or the read says that it is not.

#include <doctest/doctest.h>

#include <random>

#include "core/base/time.h"
#include "core/feature/kernel.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;
constexpr std::int64_t kGap = 10 * kMinute;
constexpr std::int64_t kMaxLength = kHour;

ViewBuilder sessions(bool is_closed) {
  project::Window window;
  window.kind = project::WindowKind::kSession;
  window.gap_us = kGap;
  window.max_length_us = kMaxLength;
  window.closed = is_closed;
  ViewBuilder view;
  view.aggregate_over("n", {table::Kind::kInt64}, "count", window);
  view.aggregate_over("sum", {table::Kind::kDouble}, "sum(x)", window);
  return view;
}

// Times of one partition: bursts with pauses about as long as the gap.
std::vector<SourceRow> rows_of(std::mt19937_64& random, int count, std::int64_t seed) {
  std::vector<SourceRow> rows;
  std::int64_t now_us = kStart;
  for (int i = 0; i < count; ++i) {
    now_us += static_cast<std::int64_t>(random() % (random() % 12 == 0 ? 4 * kGap : kGap / 2));
    SourceRow row;
    row.t = now_us;
    row.x = static_cast<double>(seed + i);
    rows.push_back(row);
  }
  return rows;
}

struct Events {
  Events(const ViewBuilder& view, const Program& program, const std::vector<SourceRow>& rows)
      : batch(to_batch(view.schema, rows)), columns(*event_columns(program, batch, "the rows")) {
    for (std::int64_t row = 0; row < columns.rows; ++row) owned.push_back(event_of(columns, row));
    for (OwnedEvent& event : owned) event.event.inputs = event.inputs;
  }

  table::Batch batch;
  EventColumns columns;
  std::vector<OwnedEvent> owned;
};

std::string text_of(const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    text += show(row.values[i]) + " " + std::string(to_string(row.statuses[i])) + "; ";
  }
  return text;
}

}  // namespace

TEST_CASE("Kernel: sessions of trimmed partitions are those of all events, or are not told") {
  int told = 0;
  int untold = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    std::mt19937_64 random(seed);
    const ViewBuilder view = sessions(seed % 4 == 0);
    const Program program = view.program();
    Kernel kernel(program);
    State all = kernel.make_state();
    State parts[] = {kernel.make_state(), kernel.make_state()};
    std::int64_t latest_us = 0;
    for (int part = 0; part < 2; ++part) {
      const Events events(view, program, rows_of(random, 30, 100 * part));
      for (const OwnedEvent& event : events.owned) {
        kernel.update(all, event.event);
        kernel.update(parts[part], event.event);
        latest_us = std::max(latest_us, event.event.time_us);
      }
    }
    // Some are trimmed when the entity is idle already, some more than once.
    const auto some_time = [&] {
      return kStart + static_cast<std::int64_t>(
                          random() % static_cast<std::uint64_t>(latest_us + kHour - kStart));
    };
    for (State& part : parts) {
      for (std::uint64_t i = random() % 3; i > 0; --i) kernel.trim(part, some_time());
    }
    kernel.merge(parts[0], parts[1]);
    const State& merged = parts[0];
    for (int i = 0; i < 20; ++i) {
      const std::int64_t at_us = std::max(some_time(), merged.oldest_read_us);
      const std::string wanted = text_of(*kernel.read(all, at_us));
      const auto found = kernel.read(merged, at_us);
      found ? ++told : ++untold;
      if (found) CHECK(text_of(*found) == wanted);
      // Where nothing came for longer than the gap, no open session is in doubt.
      if (seed % 4 != 0 && at_us > latest_us + kGap) CHECK(found.has_value());
      // An event of the request may come within a pause that told where a session starts.
      SourceRow row;
      row.t = std::max(at_us - static_cast<std::int64_t>(random() % (3 * kGap)),
                       merged.folded_until_us + 1);
      row.x = 0.5;
      const Events request(view, program, {row});
      const std::string with = text_of(*kernel.read_with_event(all, request.owned[0].event, at_us));
      const auto found_with = kernel.read_with_event(merged, request.owned[0].event, at_us);
      found_with ? ++told : ++untold;
      if (found_with) CHECK(text_of(*found_with) == with);
    }
  }
  MESSAGE(told, " reads told, ", untold, " not");
  CHECK(told > 10 * untold);
}

TEST_CASE("Kernel: a session that is over leaves its latest event") {
  const ViewBuilder view = sessions(false);
  const Program program = view.program();
  Kernel kernel(program);
  State state = kernel.make_state();
  std::vector<SourceRow> rows(300);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].t = kStart + static_cast<std::int64_t>(i) * kSecond;
  }
  const Events events(view, program, rows);
  for (const OwnedEvent& event : events.owned) kernel.update(state, event.event);
  kernel.trim(state, kStart + 300 * kSecond + kGap + kMaxLength);
  CHECK(state.events() == 300);  // The session could go on.
  kernel.trim(state, kStart + 300 * kSecond + 2 * (kGap + kMaxLength));
  CHECK(state.events() == 1);
  const auto row = kernel.read(state, state.oldest_read_us);
  REQUIRE(row.has_value());
  CHECK(row->values[0].integer() == 0);
  CHECK(row->latest_event_us == kStart + 299 * kSecond);
}

}  // namespace rtml::feature
