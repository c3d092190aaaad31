#include "core/dataset/event_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace rtml::dataset {
namespace {

table::Batch rows_of(std::vector<table::Field> fields, std::vector<table::Column> columns) {
  const std::int64_t rows = columns.front().length();
  return {std::make_shared<table::Schema>(std::move(fields)), std::move(columns), rows};
}

project::Source source_of(const std::string& created, const std::string& id) {
  project::Source source;
  source.name = "events";
  source.timestamp.column = "at";
  if (!created.empty()) source.created = project::TimeColumn{created, std::nullopt};
  source.id = id;
  return source;
}

const table::DataType kTime{table::Kind::kTimestamp, false};
const table::DataType kInteger{table::Kind::kInt64, false};
const table::DataType kText{table::Kind::kString, false};

using Rows = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("event_rows: orders by time, then created with null lowest, then id") {
  table::ColumnBuilder created(kTime);
  for (const int value : {9, 0, 3, 3, 1}) {
    if (value == 0) {
      created.append_null();
    } else {
      created.append_integer(value);
    }
  }
  const table::Batch rows = rows_of({{"at", kTime}, {"made", kTime}, {"id", kInteger}},
                                    {table::timestamp_column({5, 5, 5, 5, 4}), created.finish(),
                                     table::int64_column({1, 2, 8, 7, 9})});
  CHECK(event_rows(source_of("made", "id"), rows, "e.csv").value() == Rows{4, 1, 3, 2, 0});
}

TEST_CASE("event_rows: of one id the first in order stays, null ids are all different") {
  table::ColumnBuilder id(kText);
  for (const char* text : {"a", "", "b", "a", ""}) {
    if (*text == '\0') {
      id.append_null();
    } else {
      id.append_text(text);
    }
  }
  const table::Batch rows = rows_of({{"at", kTime}, {"id", kText}},
                                    {table::timestamp_column({9, 2, 3, 1, 4}), id.finish()});
  CHECK(event_rows(source_of("", "id"), rows, "e.csv").value() == Rows{3, 1, 2, 4});
}

TEST_CASE("event_rows: gives the same events however the rows are shuffled") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::array<std::int64_t, 3>> events;  // Time, id and a payload of its own.
    for (std::int64_t row = 0; row < 40; ++row) {
      const auto time = static_cast<std::int64_t>(random() % 10);
      events.push_back({time, time * 10 + static_cast<std::int64_t>(random() % 5), row});
    }
    const auto seen = [&] {
      std::vector<std::int64_t> times;
      std::vector<std::int64_t> ids;
      for (const auto& event : events) {
        times.push_back(event[0]);
        ids.push_back(event[1]);
      }
      const table::Batch rows = rows_of({{"at", kTime}, {"id", kInteger}},
                                        {table::timestamp_column(times), table::int64_column(ids)});
      std::vector<std::pair<std::int64_t, std::int64_t>> order;
      const auto kept = event_rows(source_of("", "id"), rows, "e.csv");
      REQUIRE(kept.has_value());
      for (const std::int64_t row : *kept) {
        order.emplace_back(times[row], ids[row]);
      }
      return order;
    };
    const auto before = seen();
    std::shuffle(events.begin(), events.end(), random);
    CHECK(seen() == before);
    CHECK(std::is_sorted(before.begin(), before.end()));
  }
}

TEST_CASE("event_rows: a row without a time is refused with its number") {
  table::ColumnBuilder time(kTime);
  time.append_integer(1);
  time.append_null();
  const auto order =
      event_rows(source_of("", ""), rows_of({{"at", kTime}}, {time.finish()}), "e.csv");
  REQUIRE_FALSE(order.has_value());
  CHECK(order.error().code() == ErrorCode::kDataBadTimestamp);
  CHECK(order.error().message() == "e.csv: column at has no time in row 2");
}

TEST_CASE("event_rows: an id with a fraction is refused") {
  const auto order =
      event_rows(source_of("", "id"),
                 rows_of({{"at", kTime}, {"id", {table::Kind::kDouble, false}}},
                         {table::timestamp_column({1}), table::double_column({1.5})}),
                 "e.csv");
  REQUIRE_FALSE(order.has_value());
  CHECK(order.error().code() == ErrorCode::kDataWrongType);
}

}  // namespace rtml::dataset
