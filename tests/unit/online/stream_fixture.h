// A view with every way of keeping events, random events of it, and what they come to without any
// store.

#pragma once

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/online/entity.h"
#include "core/online/part_writer.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::test {

inline feature::ViewBuilder every_window() {
  using table::Kind;
  feature::ViewBuilder view;
  view.with_id().with_created();
  view.aggregate("exact", Kind::kDouble, "sum(x)", kHour);
  view.aggregate("newest", Kind::kString, "last(s)", 3 * kHour);
  view.aggregate("tiled", Kind::kDouble, "sum(x)", 30 * kHour);
  view.view.features.back().window->resolution_us = kHour;
  view.aggregate("ever", Kind::kInt64, "count", kHour);
  view.view.features.back().window->kind = project::WindowKind::kLifetime;
  view.aggregate("session", Kind::kInt64, "max(y)", kHour);
  view.view.features.back().window->kind = project::WindowKind::kSession;
  view.view.features.back().window->gap_us = 20 * kMinute;
  view.view.features.back().window->max_length_us = kDay;
  view.column("flag", Kind::kBool);
  view.column("e", {Kind::kDouble, true});
  view.aggregate_over("tags", {Kind::kString, true}, "last(g)", view.view.features[2].window);
  return view;
}

// Rows mostly in order of time, some a few minutes late, some with an id that came before.
inline std::vector<feature::SourceRow> random_rows(std::mt19937_64& random, int count,
                                                   int entities) {
  std::vector<feature::SourceRow> rows;
  std::int64_t now_us = 1'700'000'000 * kSecond;
  for (int i = 0; i < count; ++i) {
    now_us += static_cast<std::int64_t>(random() % (2 * kMinute));
    feature::SourceRow row;
    row.k = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(entities));
    row.t = now_us;
    if (random() % 8 == 0) row.t -= static_cast<std::int64_t>(random() % (50 * kMinute));
    if (random() % 16 == 0) row.t = row.t / kMinute * kMinute;
    if (random() % 3 != 0) row.c = row.t + static_cast<std::int64_t>(random() % 1'000);
    row.id = i;
    // Ids are known as long as their events are kept.
    if (random() % 20 == 0 && i > 40) row.id = rows[rows.size() - 1 - random() % 40].id;
    if (random() % 10 != 0) row.x = static_cast<double>(random() % 100'000) / 100;
    if (random() % 10 == 0) row.x = std::ldexp(static_cast<double>(random()), -40);
    if (random() % 5 != 0) row.s = std::string(random() % 4, 'q');
    row.y = static_cast<std::int64_t>(random()) >> (random() % 64);
    row.flag = random() % 2 == 0;
    if (i % 5 != 0) row.e = {{row.x, std::nullopt, 0.5 * (i % 3)}};
    if (i % 3 != 0) row.g.emplace(static_cast<std::size_t>(i % 4), row.s);
    rows.push_back(row);
  }
  return rows;
}

// The values of a row, with their bits and statuses.
inline std::string show(const feature::Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    text += feature::show(row.values[i]) + " " + std::string(to_string(row.statuses[i])) + "; ";
  }
  return text;
}

class Stream {
 public:
  Stream(const feature::ViewBuilder& view, const std::vector<feature::SourceRow>& rows)
      : program(view.program()),
        schema(view.schema),
        batch(feature::to_batch(view.schema, rows)),
        columns(*feature::event_columns(program, batch, "the rows")) {
    for (std::int64_t row = 0; row < columns.rows; ++row) {
      owned.push_back(feature::event_of(columns, row));
      owned.back().event.inputs = {};
      keys.push_back(table::value_at(columns.keys[0], row));
    }
    for (std::size_t i = 0; i < owned.size(); ++i) {
      owned[i].event.inputs = owned[i].inputs;
      events.push_back({std::span(&keys[i], 1), owned[i].event, static_cast<std::int64_t>(i)});
    }
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The state of each entity after all events with an offset in [begin, end), never trimmed.
  std::map<std::int64_t, feature::State> states(std::size_t begin, std::size_t end) {
    feature::Kernel kernel(program);
    std::map<std::int64_t, feature::State> states;
    for (std::size_t i = begin; i < end; ++i) {
      auto [place, is_new] = states.try_emplace(keys[i].integer());
      if (is_new) place->second = kernel.make_state();
      kernel.update(place->second, events[i].event);
    }
    return states;
  }
  std::int64_t latest_us() const {
    std::int64_t latest = events.front().event.time_us;
    for (const auto& event : events) latest = std::max(latest, event.event.time_us);
    return latest;
  }

  feature::Program program;
  table::Schema schema;
  table::Batch batch;
  feature::EventColumns columns;
  std::vector<table::Value> keys;
  std::vector<feature::OwnedEvent> owned;
  std::vector<online::KeyedEvent> events;
};

}  // namespace rtml::test
