// The cases that other feature stores test their point-in-time joins with, and those that they
// leave out, each with rows of our own: Feast (test_ibis, test_universal_historical_retrieval,
// test_filter_by_created_timestamp, the MongoDB offline store), and age exactly ttl, created times
// that are null, daylight saving.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/dataset/feature_columns.h"
#include "core/project/definitions.h"

namespace rtml::dataset {
namespace {

using table::Kind;

struct EventRow {
  std::optional<std::int64_t> driver;
  std::string at;
  std::string created;  // Empty: null.
  std::optional<double> rate;
};

struct Ask {
  std::optional<std::int64_t> driver;
  std::string at;
};

std::int64_t moment(const std::string& text) {
  const auto time = parse_timestamp(text);
  REQUIRE_MESSAGE(time.has_value(), text);
  return *time;
}

struct Join {
  std::int64_t ttl_us = 0;
  bool as_of_created = false;

  // The latest rate of each request's driver; "-" for null.
  std::string rates(const std::vector<EventRow>& rows, const std::vector<Ask>& asks) const {
    project::Source source;
    source.name = "drivers";
    source.timestamp.column = "at";
    source.created = project::TimeColumn{"created", std::nullopt};
    project::FeatureView view;
    view.name = "latest";
    view.source = source.name;
    view.entities = {"driver"};
    view.ttl_us = ttl_us;
    view.as_of_created = as_of_created;
    project::Feature feature;
    feature.name = "rate";
    feature.column = "rate";
    feature.type = {Kind::kDouble};
    view.features.push_back(feature);
    const std::vector<project::EntityKey> keys = {{"driver", std::nullopt}};

    const table::Batch events = events_of(rows);
    const auto program = feature::compile(view, source, keys, events.schema());
    REQUIRE_MESSAGE(program.has_value(), program.error().message());
    const auto columns = feature::event_columns(*program, events, "drivers");
    REQUIRE(columns.has_value());
    const table::Batch requests = requests_of(asks);
    const auto result =
        read_features(*program, *columns, {requests, "requests", "event_timestamp"}, {});
    REQUIRE_MESSAGE(result.has_value(), result.error().message());
    const table::Column& found = result->features.front();
    REQUIRE(found.length() == std::ssize(asks));
    std::string text;
    for (std::int64_t row = 0; row < found.length(); ++row) {
      text += row == 0 ? "" : " ";
      text += found.is_null(row) ? "-" : std::to_string(found.number_at(row)).substr(0, 3);
    }
    return text;
  }

 private:
  static void append(table::ColumnBuilder& builder, std::optional<std::int64_t> value) {
    if (value) return builder.append_integer(*value);
    builder.append_null();
  }

  static table::Batch events_of(const std::vector<EventRow>& rows) {
    table::ColumnBuilder driver({Kind::kInt64});
    table::ColumnBuilder at({Kind::kTimestamp});
    table::ColumnBuilder created({Kind::kTimestamp});
    table::ColumnBuilder rate({Kind::kDouble});
    for (const EventRow& row : rows) {
      append(driver, row.driver);
      at.append_integer(moment(row.at));
      row.created.empty() ? created.append_null() : created.append_integer(moment(row.created));
      row.rate ? rate.append_number(*row.rate) : rate.append_null();
    }
    return {
        std::make_shared<table::Schema>(std::vector<table::Field>{{"driver", {Kind::kInt64}},
                                                                  {"at", {Kind::kTimestamp}},
                                                                  {"created", {Kind::kTimestamp}},
                                                                  {"rate", {Kind::kDouble}}}),
        {driver.finish(), at.finish(), created.finish(), rate.finish()},
        std::ssize(rows)};
  }

  static table::Batch requests_of(const std::vector<Ask>& asks) {
    table::ColumnBuilder driver({Kind::kInt64});
    table::ColumnBuilder at({Kind::kTimestamp});
    for (const Ask& ask : asks) {
      append(driver, ask.driver);
      at.append_integer(moment(ask.at));
    }
    return {std::make_shared<table::Schema>(std::vector<table::Field>{
                {"driver", {Kind::kInt64}}, {"event_timestamp", {Kind::kTimestamp}}}),
            {driver.finish(), at.finish()},
            std::ssize(asks)};
  }
};

}  // namespace

TEST_CASE("Feast: a feature of the very moment counts, a later one does not") {
  const std::vector<EventRow> rows = {{1, "2024-05-01", "", 0.1}, {1, "2024-05-02", "", 0.2}};
  CHECK(Join{}.rates(rows, {{1, "2024-04-30T23:59:59.999999Z"},
                            {1, "2024-05-01"},
                            {1, "2024-05-01T23:59:59.999999Z"},
                            {1, "2024-05-02"}}) == "- 0.1 0.1 0.2");
}

TEST_CASE("Feast: of one event time the row created last wins") {
  CHECK(Join{}.rates({{3, "2024-05-01", "2024-05-03", 0.9}, {3, "2024-05-01", "2024-05-02", 0.4}},
                     {{3, "2024-05-04"}}) == "0.9");
}

TEST_CASE("Feast: a row created later with an older event time loses") {
  CHECK(Join{}.rates({{2, "2024-05-02", "2024-05-02", 0.8}, {2, "2024-05-01", "2024-05-09", 0.2}},
                     {{2, "2024-05-10"}}) == "0.8");
}

TEST_CASE("Feast: created after the request does not count where the view asks so") {
  const std::vector<EventRow> rows = {{1, "2024-05-01", "2024-05-01", 0.4},
                                      {1, "2024-05-02", "2024-05-06", 0.6},
                                      {1, "2024-05-03", "", 0.9}};
  CHECK(Join{.as_of_created = true}.rates(rows, {{1, "2024-05-05"}, {1, "2024-05-06"}}) ==
        "0.4 0.6");
  CHECK(Join{}.rates(rows, {{1, "2024-05-05"}, {1, "2024-05-06"}}) == "0.9 0.9");
  CHECK(Join{.as_of_created = true}.rates({{1, "2024-05-01", "2024-05-09", 0.4}},
                                          {{1, "2024-05-05"}}) == "-");
}

TEST_CASE("Feast: expired and future rows leave the request standing, with null") {
  const Join day{.ttl_us = kDay};
  const std::vector<EventRow> rows = {{1, "2024-05-01", "", 0.1}, {2, "2024-05-09", "", 0.2}};
  CHECK(day.rates(rows, {{1, "2024-05-03"}, {2, "2024-05-03"}, {7, "2024-05-03"}}) == "- - -");
}

TEST_CASE("Feast: a request that comes twice is answered twice, in its place") {
  const std::vector<EventRow> rows = {{1, "2024-05-01", "2024-05-01T10:00:00Z", 0.5},
                                      {1, "2024-05-01", "2024-05-01T11:00:00Z", 0.9},
                                      {2, "2024-05-01", "", 0.3}};
  CHECK(Join{}.rates(rows, {{1, "2024-05-02"}, {2, "2024-05-02"}, {1, "2024-05-02"}}) ==
        "0.9 0.3 0.9");
}

TEST_CASE("Feast: requests far apart in time each see their own latest row") {
  const std::vector<EventRow> rows = {{1, "2024-01-01", "", 0.5}, {2, "2024-06-01", "", 0.7}};
  const Join week{.ttl_us = kWeek};
  CHECK(week.rates(rows, {{1, "2024-01-02"}, {2, "2024-06-02"}}) == "0.5 0.7");
}

TEST_CASE("Feast: keys whose digits run together are different entities") {
  CHECK(Join{}.rates({{12, "2024-05-01", "", 0.1}, {123, "2024-05-01", "", 0.2}},
                     {{12, "2024-05-02"}, {123, "2024-05-02"}, {1, "2024-05-02"}}) == "0.1 0.2 -");
}

TEST_CASE("age: exactly the ttl is young enough, a microsecond more is not") {
  const Join hour{.ttl_us = kHour};
  CHECK(hour.rates({{1, "2024-05-01T10:00:00Z", "", 0.1}},
                   {{1, "2024-05-01T11:00:00Z"}, {1, "2024-05-01T11:00:00.000001Z"}}) == "0.1 -");
}

TEST_CASE("created: null is before every created time, and rows of null are told apart") {
  CHECK(Join{}.rates({{1, "2024-05-01", "1900-01-01", 0.2}, {1, "2024-05-01", "", 0.9}},
                     {{1, "2024-05-02"}}) == "0.2");
  // Neither has a created time: the bytes of the row decide, whatever the order of the rows.
  const EventRow a{1, "2024-05-01", "", 0.2};
  const EventRow b{1, "2024-05-01", "", 0.9};
  CHECK(Join{}.rates({a, b}, {{1, "2024-05-02"}}) == Join{}.rates({b, a}, {{1, "2024-05-02"}}));
}

TEST_CASE("null: the latest row wins with its nulls, a null key belongs to no entity") {
  const std::vector<EventRow> rows = {{1, "2024-05-01", "", 0.2},
                                      {1, "2024-05-02", "", std::nullopt},
                                      {std::nullopt, "2024-05-02", "", 0.7}};
  CHECK(Join{}.rates(rows, {{1, "2024-05-03"}, {std::nullopt, "2024-05-03"}}) == "- -");
}

TEST_CASE("daylight saving: the hour that comes twice is two hours by its offsets") {
  // Berlin on 2024-10-27: 02:30 summer time, then an hour later 02:30 winter time.
  const std::vector<EventRow> rows = {{1, "2024-10-27T02:30:00+02:00", "", 0.1},
                                      {1, "2024-10-27T02:30:00+01:00", "", 0.2}};
  CHECK(Join{}.rates(rows, {{1, "2024-10-27T00:30:00Z"},
                            {1, "2024-10-27T02:59:59+02:00"},
                            {1, "2024-10-27T02:29:59+01:00"},
                            {1, "2024-10-27T02:30:00+01:00"}}) == "0.1 0.1 0.1 0.2");
  const Join hour{.ttl_us = kHour};
  CHECK(hour.rates({rows[0]}, {{1, "2024-10-27T02:30:00+01:00"},
                               {1, "2024-10-27T02:30:01+01:00"}}) == "0.1 -");
}

TEST_CASE("daylight saving: the hour that is left out makes a day no shorter") {
  // New York on 2024-03-10: from 01:59:59 -05:00 to 03:00:00 -04:00.
  const std::vector<EventRow> rows = {{1, "2024-03-10T01:59:59-05:00", "", 0.1}};
  const Join second{.ttl_us = kSecond};
  CHECK(second.rates(rows, {{1, "2024-03-10T03:00:00-04:00"}, {1, "2024-03-10T03:00:01-04:00"}}) ==
        "0.1 -");
  const Join day{.ttl_us = kDay};
  CHECK(day.rates(rows, {{1, "2024-03-11T02:59:59-04:00"}, {1, "2024-03-11T03:00:00-04:00"}}) ==
        "0.1 -");
}

TEST_CASE("zones: one moment written in four ways is one moment, without a zone it is UTC") {
  const std::vector<EventRow> rows = {{1, "2021-08-25T20:34:37+01:00", "", 0.4}};
  CHECK(Join{}.rates(rows, {{1, "2021-08-25T19:34:37"},
                            {1, "2021-08-25 19:34:37Z"},
                            {1, "2021-08-25T12:34:37-07:00"},
                            {1, "2021-08-26T01:04:37+05:30"},
                            {1, "2021-08-25T19:34:36.999999"}}) == "0.4 0.4 0.4 0.4 -");
}

}  // namespace rtml::dataset
