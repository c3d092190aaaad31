// Rows of a schedule against a kernel that is fed the events of one entity at a time.

#include "core/dataset/schedule_join.h"

#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;
using test::Payment;

// The rows that a schedule should give, in its order, made one read at a time.
table::Batch expected_rows(const BackfillProject& project, const std::string& view_name,
                           const BuildContext& context, const std::vector<std::int64_t>& moments) {
  SourceSet sources(context);
  const project::FeatureView* view = project.project().find_view(view_name).value();
  const feature::Program program = sources.compile(*view).value();
  const table::Batch rows = sources.rows(context.project.source_of(*view)).value();
  const feature::EventColumns events = feature::event_columns(program, rows, "rows").value();
  EventCursor cursor(events);
  // Rows of each key, in the order of the keys; one key where the view has none.
  std::map<std::string, std::vector<std::int64_t>> entities;
  for (std::int64_t row = 0; row < events.rows; ++row) {
    const auto key = cursor.key(row);
    if (key) entities[feature::encode_key(*key)].push_back(row);
  }
  std::vector<table::Field> fields = program.keys;
  fields.push_back({kEventTimestamp, {table::Kind::kTimestamp}});
  for (const feature::Output& output : program.outputs) fields.push_back(output.field);
  std::vector<table::ColumnBuilder> builders;
  for (const table::Field& field : fields) builders.emplace_back(field.type);
  feature::Kernel kernel(program);
  std::int64_t count = 0;
  for (const std::int64_t moment : moments) {
    for (const auto& [key, entity_rows] : entities) {
      feature::State state = kernel.make_state();
      for (const std::int64_t row : entity_rows) {
        if (cursor.time_us(row) <= moment) kernel.update(state, cursor.event(row));
      }
      const feature::Row read = kernel.read(state, moment).value();
      const bool is_known =
          std::any_of(read.statuses.begin(), read.statuses.end(), [](feature::Status status) {
            return status == feature::Status::kPresent || status == feature::Status::kNullValue;
          });
      if (!is_known) continue;
      ++count;
      std::size_t column = 0;
      for (const table::Column& of_key : events.keys) {
        builders[column++].append_from(of_key, entity_rows.front());
      }
      builders[column++].append_integer(moment);
      for (const table::Value& value : read.values) {
        table::append_value(builders[column++], value);
      }
    }
  }
  std::vector<table::Column> columns;
  for (table::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {std::make_shared<table::Schema>(std::move(fields)), std::move(columns), count};
}

}  // namespace

TEST_CASE("ScheduleJoin: a row for each entity that is known at each moment, as the kernel reads") {
  BackfillProject project;
  for (const bool has_duplicates : {false, true}) {
    project.write(test::random_payments(7, 500, 12, has_duplicates));
    for (const std::string view : {"recent", "life", "short", "everyone"}) {
      CAPTURE(view);
      CAPTURE(has_duplicates);
      const TimeRange range{-3 * kDay - kHour, 5 * kDay};
      std::vector<std::int64_t> moments;
      for (std::int64_t at = -3 * kDay; at < range.to_us; at += 4 * kHour) moments.push_back(at);
      const table::Batch expected = expected_rows(project, view, project.context(), moments);
      REQUIRE(expected.rows() > 40);
      // A limit of a byte puts everything into files.
      for (const auto& [threads, limit] : {std::pair(1, 0), std::pair(2, 0), std::pair(2, 1)}) {
        const table::Batch made = project.materialize(
            view, {.ranges = {range}, .every_us = 4 * kHour}, project.context(threads, limit));
        CHECK(made.rows() == expected.rows());
        CHECK(test::content_of(made) == test::content_of(expected));
      }
    }
  }
}

TEST_CASE("ScheduleJoin: an entity is there from its first event until its ttl is over") {
  BackfillProject project;
  project.write({{.id = 1, .at_us = kHour, .card = 5, .amount = 2},
                 {.id = 2, .at_us = kDay + 30 * kMinute, .card = 3, .amount = 4},
                 {.id = 3, .at_us = 2 * kDay + kHour, .card = std::nullopt, .amount = 8}});
  // Card 5 is known from exactly 01:00 until exactly a day later, card 3 from the next hour on.
  const table::Batch rows = project.materialize("recent", {.every_us = kHour}, project.context());
  REQUIRE(rows.rows() == 25 + 24);
  CHECK(rows.column(0).integer_at(0) == 5);
  CHECK(rows.column(1).integer_at(0) == kHour);
  std::int64_t last_of_5 = 0;
  std::int64_t first_of_3 = 0;
  for (std::int64_t row = rows.rows() - 1; row >= 0; --row) {
    const std::int64_t at = rows.column(1).integer_at(row);
    if (rows.column(0).integer_at(row) == 5) last_of_5 = std::max(last_of_5, at);
    if (rows.column(0).integer_at(row) == 3) first_of_3 = at;
  }
  CHECK(last_of_5 == kDay + kHour);
  CHECK(first_of_3 == kDay + kHour);
  // Without a ttl nobody goes.
  const table::Batch for_ever = project.materialize("short", {.every_us = kDay}, project.context());
  CHECK(for_ever.rows() == 1 + 2 + 2);
}

TEST_CASE("ScheduleJoin: rows do not depend on how many are made at a time") {
  BackfillProject project;
  project.write(test::random_payments(3, 400, 12, true));
  const auto hash = [&](std::int64_t every_us, std::int64_t limit) {
    const table::Batch rows =
        project.materialize("all_cards", {.every_us = every_us}, project.context(2, limit));
    REQUIRE(rows.rows() > 16'384);
    return test::content_of(rows);
  };
  CHECK(hash(4 * kMinute, 0) == hash(4 * kMinute, 1));
  // More entities at one moment than are made at a time.
  std::vector<Payment> many = test::random_payments(4, 40'000, 30'000, false);
  project.write(many);
  CHECK(hash(2 * kDay, 0) == hash(2 * kDay, 1));
}

TEST_CASE("ScheduleJoin: refuses views of different entities and endless schedules") {
  BackfillProject project;
  project.write(test::random_payments(5, 30, 3, false));
  std::vector<project::ServiceColumn> mixed = project.features("recent");
  for (const auto& column : project.features("everyone")) mixed.push_back(column);
  const BuildContext context = project.context();
  const auto refused = materialize(mixed, {.every_us = kHour}, context);
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kUsage);
  CHECK(refused.error().message().find("card and none") != std::string::npos);
  const auto endless = materialize(project.features("recent"), {.every_us = 1}, context);
  REQUIRE(!endless);
  CHECK(endless.error().code() == ErrorCode::kUsage);
}

}  // namespace rtml::dataset
