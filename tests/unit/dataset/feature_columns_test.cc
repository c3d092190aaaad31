#include "core/dataset/point_in_time.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "core/dataset/entity_index.h"

namespace rtml::dataset {
namespace {

std::int64_t moment(const Json& text) {
  const auto time = parse_timestamp(text.get<std::string>());
  REQUIRE(time.has_value());
  return *time;
}

// A key column of JSON rows: INT64, INT32 if asked, or STRING, by the first value.
table::Column key_column(const Json& rows, const std::string& name, bool narrow) {
  if (rows.front().at(name).is_string()) {
    std::vector<std::string> texts;
    for (const Json& row : rows) texts.push_back(row.at(name).get<std::string>());
    return table::string_column(texts);
  }
  table::ColumnBuilder builder({narrow ? table::Kind::kInt32 : table::Kind::kInt64, false});
  for (const Json& row : rows) builder.append_integer(row.at(name).get<std::int64_t>());
  return builder.finish();
}

struct Keys {
  std::vector<table::Column> columns;
  std::vector<KeyKind> kinds;
};

Keys keys_of(const Json& rows, const Json& names, bool narrow) {
  Keys keys;
  for (const Json& name : names) {
    keys.columns.push_back(key_column(rows, name.get<std::string>(), narrow));
    keys.kinds.push_back(key_kind(keys.columns.back().type(), name.get<std::string>()).value());
  }
  return keys;
}

// Joins one view of a case; returns for each entity row the feature row seen, or -1.
std::vector<std::int64_t> join_view(const Json& view, const Json& requests, bool narrow) {
  const Json& rows = view.at("rows");
  EventTimes events;
  for (const Json& row : rows) {
    events.time_us.push_back(moment(row.at("event_timestamp")));
    events.created_us.push_back(row.at("created").is_null() ? kNoCreation
                                                            : moment(row.at("created")));
  }
  const Keys keys = keys_of(rows, view.at("entities"), narrow);
  EntityIndex index(keys.kinds);
  const auto entities = index.add(keys.columns, static_cast<std::int64_t>(rows.size()));
  const EventGroups groups = group_by_entity(event_order(events), entities, index.size());

  std::vector<std::int64_t> times;
  for (const Json& request : requests) times.push_back(moment(request.at("event_timestamp")));
  const Keys wanted = keys_of(requests, view.at("entities"), false);
  REQUIRE(wanted.kinds == keys.kinds);
  const auto request_entities =
      index.find(wanted.columns, static_cast<std::int64_t>(requests.size()));
  return point_in_time_rows(events, groups, request_entities, times,
                            {.ttl_us = view.at("ttl_seconds").get<std::int64_t>() * kSecond,
                             .as_of_created = view.at("known_time").get<bool>()});
}

struct Event {
  std::int32_t entity;
  std::int64_t time_us;
  std::int64_t created_us;
  std::int64_t id;
};

// The rule, read aloud: look at every event, keep the last that may be seen.
std::int64_t brute_force(const std::vector<Event>& events, std::int32_t entity, std::int64_t time,
                         const JoinOptions& options) {
  std::int64_t best = -1;
  for (std::size_t row = 0; row < events.size(); ++row) {
    const Event& event = events[row];
    if (event.entity != entity || event.time_us > time) continue;
    if (options.ttl_us != 0 && event.time_us < time - options.ttl_us) continue;
    if (options.as_of_created && (event.created_us == kNoCreation || event.created_us > time)) {
      continue;
    }
    const auto rank = [](const Event& e) { return std::tuple(e.time_us, e.created_us, e.id); };
    if (best < 0 || rank(event) > rank(events[best])) best = static_cast<std::int64_t>(row);
  }
  return best;
}

}  // namespace

TEST_CASE("point_in_time: the published cases") {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  const auto text = read_file(std::filesystem::path(root) / "tests/data/point_in_time/cases.json");
  REQUIRE(text.has_value());
  const auto oracle = parse_json(*text, "cases.json");
  REQUIRE(oracle.has_value());
  REQUIRE(oracle->at("cases").size() == 21);
  for (const Json& test_case : oracle->at("cases")) {
    CAPTURE(test_case.at("name").get<std::string>());
    const Json& requests = test_case.at("entity_rows");
    const bool narrow = test_case.at("name") == "mongodb: int32 entity key";
    for (const Json& view : test_case.at("views")) {
      const auto seen = join_view(view, requests, narrow);
      REQUIRE(seen.size() == requests.size());
      for (std::size_t request = 0; request < seen.size(); ++request) {
        CAPTURE(request);
        for (const Json& feature : view.at("features")) {
          const auto name = feature.get<std::string>();
          const Json got = seen[request] < 0 ? Json() : view.at("rows")[seen[request]].at(name);
          CHECK(got == test_case.at("expected")[request].at(name));
        }
      }
    }
  }
}

TEST_CASE("point_in_time: equals a brute force on random events") {
  std::mt19937_64 random(20'260'101);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    // Few moments, so that ties, exact ages and equal creation times are common.
    std::vector<Event> log;
    EventTimes events;
    std::vector<std::int32_t> entities;
    std::vector<std::int64_t> ids;
    const std::size_t count = random() % 60;
    for (std::size_t row = 0; row < count; ++row) {
      const Event event{
          static_cast<std::int32_t>(random() % 4) - 1, static_cast<std::int64_t>(random() % 12) - 6,
          random() % 4 == 0 ? kNoCreation : static_cast<std::int64_t>(random() % 12) - 6,
          static_cast<std::int64_t>(row)};
      log.push_back(event);
    }
    std::shuffle(log.begin(), log.end(), random);
    for (const Event& event : log) {
      entities.push_back(event.entity);
      events.time_us.push_back(event.time_us);
      events.created_us.push_back(event.created_us);
      ids.push_back(event.id);
    }
    events.id = table::int64_column(ids);
    const EventGroups groups = group_by_entity(event_order(events), entities, 3);
    const JoinOptions options{.ttl_us = static_cast<std::int64_t>(random() % 5),
                              .as_of_created = random() % 2 == 0};
    std::vector<std::int32_t> asked;
    std::vector<std::int64_t> times;
    for (int request = 0; request < 40; ++request) {
      asked.push_back(static_cast<std::int32_t>(random() % 4) - 1);
      times.push_back(static_cast<std::int64_t>(random() % 16) - 8);
    }
    const auto seen = point_in_time_rows(events, groups, asked, times, options);
    for (std::size_t request = 0; request < asked.size(); ++request) {
      CAPTURE(request);
      const std::int64_t expected =
          asked[request] < 0 ? -1 : brute_force(log, asked[request], times[request], options);
      CHECK(seen[request] == expected);
    }
  }
}

TEST_CASE("event_order: a null id ranks lowest and texts by their bytes") {
  EventTimes events;
  events.time_us = {5, 5, 5, 4};
  table::ColumnBuilder id({table::Kind::kString, false});
  id.append_text("b");
  id.append_null();
  id.append_text("a");
  id.append_text("z");
  events.id = id.finish();
  CHECK(event_order(events) == std::vector<std::int64_t>{3, 1, 2, 0});
}

TEST_CASE("event_order: without an id the bytes of the row decide, wherever the columns stand") {
  const auto order_of = [](const std::vector<std::string>& names, bool swapped) {
    const table::Column small = table::int64_column({2, 1});
    const table::Column text = table::string_column({"x", "x"});
    std::vector<table::Field> fields = {{names[0], {table::Kind::kInt64, false}},
                                        {names[1], {table::Kind::kString, false}}};
    std::vector<table::Column> columns = {small, text};
    if (swapped) {
      std::swap(fields[0], fields[1]);
      std::swap(columns[0], columns[1]);
    }
    const table::Batch rows(std::make_shared<table::Schema>(fields), columns, 2);
    EventTimes events;
    events.time_us = {7, 7};
    CHECK(has_ties(events, event_order(events)));
    events.row_bytes = canonical_row_bytes(rows);
    return event_order(events);
  };
  CHECK(order_of({"a", "b"}, false) == std::vector<std::int64_t>{1, 0});
  CHECK(order_of({"a", "b"}, true) == std::vector<std::int64_t>{1, 0});
}

TEST_CASE("has_ties: only where time, created and id are equal") {
  EventTimes events;
  events.time_us = {3, 1, 3};
  CHECK(has_ties(events, event_order(events)));
  events.created_us = {1, 1, 2};
  CHECK_FALSE(has_ties(events, event_order(events)));
  events.created_us = {1, 1, 1};
  events.id = table::int64_column({5, 5, 6});
  CHECK_FALSE(has_ties(events, event_order(events)));
}

}  // namespace rtml::dataset
