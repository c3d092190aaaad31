// The point-in-time join as training sets do it: published cases and a brute force.

#include "core/dataset/feature_columns.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <set>
#include <tuple>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/project/definitions.h"

namespace rtml::dataset {
namespace {

const table::DataType kInteger{table::Kind::kInt64, false};
const table::DataType kNarrow{table::Kind::kInt32, false};
const table::DataType kNumber{table::Kind::kDouble, false};
const table::DataType kText{table::Kind::kString, false};
const table::DataType kTime{table::Kind::kTimestamp, false};

// A column of JSON rows. Moments are texts in RFC 3339.
table::Column column_of(const Json& rows, const std::string& name, table::DataType type) {
  table::ColumnBuilder builder(type);
  for (const Json& row : rows) {
    const Json& value = row.at(name);
    if (value.is_null()) {
      builder.append_null();
    } else if (type == kTime) {
      const auto time = parse_timestamp(value.get<std::string>());
      REQUIRE(time.has_value());
      builder.append_integer(*time);
    } else if (type == kText) {
      builder.append_text(value.get<std::string>());
    } else if (type == kNumber) {
      builder.append_number(value.get<double>());
    } else {
      builder.append_integer(value.get<std::int64_t>());
    }
  }
  return builder.finish();
}

table::DataType type_of(const Json& rows, const std::string& name) {
  for (const Json& row : rows) {
    if (row.at(name).is_string()) return kText;
    if (row.at(name).is_number_float()) return kNumber;
  }
  return kInteger;
}

table::Batch batch_of(std::vector<table::Field> fields, std::vector<table::Column> columns) {
  const std::int64_t rows = columns.front().length();
  return {std::make_shared<table::Schema>(std::move(fields)), std::move(columns), rows};
}

// A view of the latest row.
struct LatestRow {
  project::Source source;
  project::FeatureView view;
  std::vector<project::EntityKey> keys;

  LatestRow(std::int64_t ttl_us, bool as_of_created) {
    source.name = "events";
    source.timestamp.column = "event_timestamp";
    source.created = project::TimeColumn{"created", std::nullopt};
    view.name = "latest";
    view.source = source.name;
    view.ttl_us = ttl_us;
    view.as_of_created = as_of_created;
  }
  void add_key(const std::string& column) {
    view.entities.push_back(column);
    keys.push_back({column, std::nullopt});
  }
  void add_feature(const std::string& column, table::DataType type) {
    project::Feature feature;
    feature.name = column;
    feature.column = column;
    feature.type = type;
    view.features.push_back(feature);
  }
  // The values of the features for each row of `requests`.
  std::vector<table::Column> join(const table::Batch& events, const table::Batch& requests) const {
    const auto program = feature::compile(view, source, keys, events.schema());
    REQUIRE_MESSAGE(program.has_value(), program.error().message());
    const auto columns = feature::event_columns(*program, events, "events");
    REQUIRE_MESSAGE(columns.has_value(), columns.error().message());
    const auto result =
        read_features(*program, *columns, {requests, "requests", "event_timestamp"}, {});
    REQUIRE_MESSAGE(result.has_value(), result.error().message());
    return result->features;
  }
};

Json value_of(const table::Column& column, std::int64_t row) {
  if (column.is_null(row)) return {};
  if (column.type() == kText) return std::string(column.text_at(row));
  if (column.type() == kNumber) return column.number_at(row);
  return column.integer_at(row);
}

void check_view(const Json& test_case, const Json& view) {
  LatestRow latest(view.at("ttl_seconds").get<std::int64_t>() * kSecond,
                   view.at("known_time").get<bool>());
  const Json& rows = view.at("rows");
  const Json& requests = test_case.at("entity_rows");
  std::vector<table::Field> fields = {{"event_timestamp", kTime}, {"created", kTime}};
  std::vector<table::Column> columns = {column_of(rows, "event_timestamp", kTime),
                                        column_of(rows, "created", kTime)};
  std::vector<table::Field> asked_fields = {{"event_timestamp", kTime}};
  std::vector<table::Column> asked = {column_of(requests, "event_timestamp", kTime)};
  const bool is_narrow = test_case.at("name") == "mongodb: int32 entity key";
  for (const Json& entity : view.at("entities")) {
    const auto name = entity.get<std::string>();
    const table::DataType type = type_of(rows, name);
    latest.add_key(name);
    fields.push_back({name, is_narrow ? kNarrow : type});
    columns.push_back(column_of(rows, name, fields.back().type));
    asked_fields.push_back({name, type});
    asked.push_back(column_of(requests, name, type));
  }
  for (const Json& feature : view.at("features")) {
    const auto name = feature.get<std::string>();
    fields.push_back({name, type_of(rows, name)});
    columns.push_back(column_of(rows, name, fields.back().type));
    latest.add_feature(name, fields.back().type);
  }
  const auto got = latest.join(batch_of(fields, columns), batch_of(asked_fields, asked));
  for (std::size_t feature = 0; feature < got.size(); ++feature) {
    const auto name = view.at("features")[feature].get<std::string>();
    REQUIRE(got[feature].length() == static_cast<std::int64_t>(requests.size()));
    for (std::size_t row = 0; row < requests.size(); ++row) {
      CAPTURE(row);
      CHECK(value_of(got[feature], static_cast<std::int64_t>(row)) ==
            test_case.at("expected")[row].at(name));
    }
  }
}

struct Payment {
  std::int64_t key;
  std::int64_t time_us;
  std::int64_t created_us;  // 0: null.
  std::int64_t value;
};

// The rule, read aloud: look at every event, keep the last that may be seen. Events that differ in
// the value alone are ordered by their bytes, which for these values is their order.
const Payment* last_seen(const std::vector<Payment>& events, std::int64_t key, std::int64_t time_us,
                         std::int64_t ttl_us, bool as_of_created) {
  const Payment* best = nullptr;
  for (const Payment& event : events) {
    if (event.key != key || event.time_us > time_us) continue;
    if (ttl_us != 0 && event.time_us < time_us - ttl_us) continue;
    if (as_of_created && (event.created_us == 0 || event.created_us > time_us)) continue;
    const auto rank = [](const Payment& e) { return std::tuple(e.time_us, e.created_us, e.value); };
    if (best == nullptr || rank(event) > rank(*best)) best = &event;
  }
  return best;
}

}  // namespace

TEST_CASE("read_features: the published point-in-time cases") {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  const auto text = read_file(std::filesystem::path(root) / "tests/data/point_in_time/cases.json");
  REQUIRE(text.has_value());
  const auto oracle = parse_json(*text, "cases.json");
  REQUIRE(oracle.has_value());
  REQUIRE(oracle->at("cases").size() == 21);
  for (const Json& test_case : oracle->at("cases")) {
    CAPTURE(test_case.at("name").get<std::string>());
    for (const Json& view : test_case.at("views")) check_view(test_case, view);
  }
}

TEST_CASE("read_features: equals a brute force on random events") {
  std::mt19937_64 random(20'260'101);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    // Few moments, so that ties, exact ages and equal creation times are common.
    std::vector<Payment> events;
    table::ColumnBuilder keys(kInteger);
    table::ColumnBuilder times(kTime);
    table::ColumnBuilder created(kTime);
    table::ColumnBuilder values(kInteger);
    for (std::size_t row = 0, count = 1 + random() % 60; row < count; ++row) {
      const Payment event{static_cast<std::int64_t>(random() % 3),
                          10 + static_cast<std::int64_t>(random() % 12),
                          random() % 4 == 0 ? 0 : 10 + static_cast<std::int64_t>(random() % 12),
                          static_cast<std::int64_t>(random() % 100)};
      events.push_back(event);
      keys.append_integer(event.key);
      times.append_integer(event.time_us);
      if (event.created_us == 0) {
        created.append_null();
      } else {
        created.append_integer(event.created_us);
      }
      values.append_integer(event.value);
    }
    LatestRow latest(static_cast<std::int64_t>(random() % 5), random() % 2 == 0);
    latest.add_key("key");
    latest.add_feature("value", kInteger);
    table::ColumnBuilder asked_keys(kNarrow);
    table::ColumnBuilder asked_times(kTime);
    std::vector<std::pair<std::int64_t, std::int64_t>> asked;
    for (int row = 0; row < 40; ++row) {
      asked.emplace_back(static_cast<std::int64_t>(random() % 4) - 1,
                         8 + static_cast<std::int64_t>(random() % 16));
      if (asked.back().first < 0) {
        asked_keys.append_null();
      } else {
        asked_keys.append_integer(asked.back().first);
      }
      asked_times.append_integer(asked.back().second);
    }
    const auto got =
        latest.join(batch_of({{"key", kInteger},
                              {"event_timestamp", kTime},
                              {"created", kTime},
                              {"value", kInteger}},
                             {keys.finish(), times.finish(), created.finish(), values.finish()}),
                    batch_of({{"key", kNarrow}, {"event_timestamp", kTime}},
                             {asked_keys.finish(), asked_times.finish()}));
    for (std::size_t row = 0; row < asked.size(); ++row) {
      CAPTURE(row);
      const Payment* seen = asked[row].first < 0
                                ? nullptr
                                : last_seen(events, asked[row].first, asked[row].second,
                                            latest.view.ttl_us, latest.view.as_of_created);
      CHECK(value_of(got[0], static_cast<std::int64_t>(row)) ==
            (seen == nullptr ? Json() : Json(seen->value)));
    }
  }
}

TEST_CASE("read_features: a string key where the source has an integer is refused") {
  LatestRow latest(0, false);
  latest.add_key("key");
  latest.add_feature("value", kInteger);
  const table::Batch events = batch_of(
      {{"key", kInteger}, {"event_timestamp", kTime}, {"created", kTime}, {"value", kInteger}},
      {table::int64_column({1}), table::timestamp_column({5}), table::timestamp_column({5}),
       table::int64_column({3})});
  const auto program = feature::compile(latest.view, latest.source, latest.keys, events.schema());
  REQUIRE(program.has_value());
  const auto columns = feature::event_columns(*program, events, "events");
  REQUIRE(columns.has_value());
  const table::Batch rows = batch_of({{"key", kText}, {"event_timestamp", kTime}},
                                     {table::string_column({"1"}), table::timestamp_column({5})});
  const auto result =
      read_features(*program, *columns, {rows, "labels.csv", "event_timestamp"}, {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::kDataWrongType);
  CHECK(result.error().message() ==
        "labels.csv: key column key cannot be compared with the INT64 of view latest: it is "
        "STRING");
}

}  // namespace rtml::dataset
