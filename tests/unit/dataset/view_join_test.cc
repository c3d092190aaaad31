// A join by parts gives what one sweep over everything gives, bit for bit, whatever batches the
// rows come in, how many threads work on them and whether they go through a file.

#include "core/dataset/view_join.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

#include "core/base/time.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/packed_column.h"
#include "core/dataset/training_set.h"
#include "tests/support/temporary_directory.h"

namespace rtml::dataset {
namespace {

using table::Column;
using table::ColumnBuilder;
using table::Kind;

const table::Schema kSchema({{"card", {Kind::kInt64}},
                             {"shop", {Kind::kString}},
                             {"at", {Kind::kTimestamp}},
                             {"id", {Kind::kInt64}},
                             {"amount", {Kind::kDouble}},
                             {"note", {Kind::kString}},
                             {"vector", {Kind::kFloat, true}},
                             {"tags", {Kind::kString, true}}});

project::Feature feature_of(const std::string& name, const std::string& aggregate,
                            table::DataType type, std::int64_t size_us) {
  project::Feature feature;
  feature.name = name;
  feature.type = type;
  feature.form = project::FeatureForm::kAggregate;
  feature.aggregate.text = aggregate;
  feature.window.emplace();
  feature.window->size_us = size_us;
  return feature;
}

project::Feature column_of(const std::string& name, table::DataType type) {
  project::Feature feature;
  feature.name = "latest_" + name;
  feature.type = type;
  feature.form = project::FeatureForm::kColumn;
  feature.column = name;
  return feature;
}

feature::Program program_of(std::vector<project::Feature> features, bool is_composite,
                            bool has_id) {
  project::FeatureView view;
  view.name = "cards";
  view.ttl_us = 20 * kDay;
  view.features = std::move(features);
  project::Source source;
  source.name = "payments";
  source.timestamp.column = "at";
  if (has_id) source.id = "id";
  std::vector<project::EntityKey> keys = {{"card", std::nullopt}};
  if (is_composite) keys.push_back({"shop", std::nullopt});
  auto program = feature::compile(view, source, keys, kSchema);
  REQUIRE_MESSAGE(program.has_value(), program.error().message());
  return std::move(*program);
}

// `is_log`: in order of time, one row a card and moment, ids that rise.
table::Batch random_rows(std::mt19937_64& random, std::int64_t rows, bool is_log) {
  std::vector<ColumnBuilder> builders;
  for (const table::Field& field : kSchema.fields()) builders.emplace_back(field.type);
  std::int64_t at = -5 * kDay;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto card = static_cast<std::int64_t>(random() % 40);
    if (!is_log && card == 0) {
      builders[0].append_null();
    } else {
      builders[0].append_integer(card - 20);
    }
    builders[1].append_text("shop " + std::to_string(random() % 3));
    at += is_log ? 1 + static_cast<std::int64_t>(random() % kHour) : 0;
    builders[2].append_integer(
        is_log ? at : static_cast<std::int64_t>(random() % 720) * kHour - 10 * kDay);
    builders[3].append_integer(is_log ? row : static_cast<std::int64_t>(random() % (4 * rows)));
    if (random() % 9 == 0) {
      builders[4].append_null();
    } else {
      builders[4].append_number(static_cast<double>(random() % 2'000) / 100 - 5);
    }
    builders[5].append_text(std::string(random() % 6, 'n'));
    for (const std::size_t list : {6, 7}) {
      if (random() % 7 == 0) {
        builders[list].append_null();
        continue;
      }
      builders[list].append_list();
      for (std::uint64_t items = random() % 4; items > 0; --items) {
        if (random() % 9 == 0) {
          builders[list].items().append_null();
        } else if (list == 6) {
          builders[list].items().append_number(static_cast<double>(random() % 100) / 8);
        } else {
          builders[list].items().append_text(std::string(random() % 3, 't'));
        }
      }
    }
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {std::make_shared<table::Schema>(kSchema), std::move(columns), rows};
}

feature::ReadColumns reads_of(const feature::Program& program, const table::Batch& rows) {
  feature::ReadColumns reads;
  reads.rows = rows.rows();
  for (std::size_t i = 0; i < program.keys.size(); ++i) reads.keys.push_back(rows.column(i));
  reads.time = rows.column(2);
  return reads;
}

// The logical content, which says whether columns are the same bits.
std::string content(const feature::Program& program, std::vector<Column> columns) {
  std::vector<table::Field> fields;
  for (const feature::Output& output : program.outputs) fields.push_back(output.field);
  const std::int64_t rows = columns.front().length();
  return content_sha256(
      table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(columns), rows));
}

struct Way {
  int threads;
  std::int64_t batch_rows;
  bool is_spilling;
};
constexpr Way kWays[] = {{1, 1'000'000, false}, {2, 700, false}, {2, 311, true}, {1, 3'000, true}};

std::string take_all(const feature::Program& program, ViewJoin& join, std::int64_t rows) {
  REQUIRE(join.compute().has_value());
  std::vector<table::Field> fields;
  for (const feature::Output& output : program.outputs) fields.push_back(output.field);
  const auto schema = std::make_shared<table::Schema>(std::move(fields));
  std::vector<table::Batch> batches;
  for (std::int64_t start = 0; start < rows;) {
    const std::int64_t count = std::min<std::int64_t>(977, rows - start);
    auto columns = join.next(count);
    REQUIRE(columns.has_value());
    batches.emplace_back(schema, std::move(*columns), count);
    start += count;
  }
  return content_sha256(table::concatenate(schema, batches));
}

std::vector<std::size_t> all_outputs(const feature::Program& program) {
  std::vector<std::size_t> outputs(program.outputs.size());
  std::iota(outputs.begin(), outputs.end(), std::size_t{0});
  return outputs;
}

std::vector<feature::Program> programs() {
  const std::vector<project::Feature> windows = {
      feature_of("count_1d", "count", {Kind::kInt64}, kDay),
      feature_of("mean_3d", "mean(amount)", {Kind::kDouble}, 3 * kDay),
      feature_of("least_9d", "min(amount)", {Kind::kDouble}, 9 * kDay),
      feature_of("last_2d", "last(note)", {Kind::kString}, 2 * kDay),
      feature_of("first_3d", "first(vector)", {Kind::kDouble, true}, 3 * kDay),
      feature_of("tags_3d", "count_distinct(tags)", {Kind::kInt64}, 3 * kDay),
      column_of("tags", {Kind::kString, true}),
      column_of("amount", {Kind::kDouble})};
  const std::vector<project::Feature> latest = {
      column_of("amount", {Kind::kDouble}), column_of("note", {Kind::kString}),
      column_of("vector", {Kind::kFloat, true}), column_of("tags", {Kind::kString, true}),
      column_of("id", {Kind::kInt64})};
  std::vector<feature::Program> result;
  result.push_back(program_of(windows, false, true));
  result.push_back(program_of(windows, true, false));
  result.push_back(program_of(latest, false, true));
  result.push_back(program_of(latest, true, false));
  return result;
}

}  // namespace

TEST_CASE("ViewJoin: rows that ask get what one sweep gives") {
  const test::TemporaryDirectory directory;
  std::mt19937_64 random(1);
  for (const feature::Program& program : programs()) {
    for (const bool is_log : {false, true}) {
      const table::Batch events = random_rows(random, 5'000, is_log);
      const table::Batch asking = random_rows(random, 4'000, is_log);
      const auto columns = feature::event_columns(program, events, "events");
      REQUIRE(columns.has_value());
      const auto expected = feature::sweep(program, *columns, reads_of(program, asking));
      REQUIRE(expected.has_value());
      for (const Way& way : kWays) {
        CAPTURE(way.batch_rows);
        ViewJoin join(program, all_outputs(program), false, false,
                      {.threads = way.threads, .spill_directory = directory.path()});
        if (way.is_spilling) REQUIRE(join.spill().has_value());
        for (std::int64_t start = 0; start < events.rows(); start += way.batch_rows) {
          const table::Batch batch =
              events.slice(start, std::min(way.batch_rows, events.rows() - start));
          REQUIRE(join.add_events(*feature::event_columns(program, batch, "events"), {}));
        }
        for (std::int64_t start = 0; start < asking.rows(); start += way.batch_rows) {
          const table::Batch batch =
              asking.slice(start, std::min(way.batch_rows, asking.rows() - start));
          REQUIRE(join.add_reads(reads_of(program, batch)));
        }
        CHECK(take_all(program, join, asking.rows()) == content(program, expected->features));
        CHECK(join.events_without_key() == expected->events_without_key);
        CHECK((join.spilled_bytes() > 0) == way.is_spilling);
      }
    }
  }
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("ViewJoin: events that ask for themselves, all or some") {
  const test::TemporaryDirectory directory;
  std::mt19937_64 random(2);
  for (const feature::Program& program : programs()) {
    const table::Batch events = random_rows(random, 5'000, false);
    const auto columns = feature::event_columns(program, events, "events");
    REQUIRE(columns.has_value());
    for (const bool is_masked : {false, true}) {
      std::vector<std::uint8_t> mask(5'000, 1);
      for (std::uint8_t& asks : mask) asks = is_masked && random() % 3 == 0 ? 0 : 1;
      std::vector<std::int64_t> asking;
      for (std::int64_t row = 0; row < 5'000; ++row) {
        if (mask[row] != 0) asking.push_back(row);
      }
      const table::Batch rows = events.take(asking);
      const auto expected = feature::sweep(program, *columns, reads_of(program, rows));
      REQUIRE(expected.has_value());
      for (const Way& way : kWays) {
        CAPTURE(way.batch_rows);
        ViewJoin join(program, all_outputs(program), true, is_masked,
                      {.threads = way.threads, .spill_directory = directory.path()});
        for (std::int64_t start = 0; start < events.rows(); start += way.batch_rows) {
          const std::int64_t end = std::min(start + way.batch_rows, events.rows());
          const table::Batch batch = events.slice(start, end - start);
          const std::vector<std::uint8_t> part(mask.begin() + start, mask.begin() + end);
          REQUIRE(join.add_events(*feature::event_columns(program, batch, "events"), part));
          if (way.is_spilling && start > 1'000) REQUIRE(join.spill().has_value());
        }
        CHECK(take_all(program, join, rows.rows()) == content(program, expected->features));
      }
    }
  }
}

TEST_CASE("ViewJoin: says where it cannot put rows aside") {
  std::mt19937_64 random(3);
  const feature::Program program = programs().front();
  const table::Batch events = random_rows(random, 100, false);
  ViewJoin join(program, all_outputs(program), true, false,
                {.spill_directory = "/proc/no/such/directory"});
  REQUIRE(join.add_events(*feature::event_columns(program, events, "events"), {}));
  const Status status = join.spill();
  REQUIRE(!status.has_value());
  CHECK(status.error().code() == ErrorCode::kIo);
  CHECK(status.error().message().find("/proc/no/such/directory") != std::string::npos);
}

TEST_CASE("PackedColumn: gives back what it took, also through bytes") {
  const auto check = [](const Column& column) {
    const auto hash = [&](const Column& other) {
      const table::Batch batch(
          std::make_shared<table::Schema>(std::vector<table::Field>{{"a", column.type()}}), {other},
          other.length());
      return content_sha256(batch);
    };
    const PackedColumn packed(column);
    CHECK(hash(packed.unpack(0, column.length())) == hash(column));
    std::string bytes = "8 bytes.";
    packed.append_bytes(bytes);
    std::size_t position = 8;
    const auto shared = std::make_shared<const std::string>(bytes);
    const PackedColumn again = PackedColumn::from_bytes(shared, &position, column.type());
    CHECK(position == bytes.size());
    CHECK(hash(again.unpack(1, column.length() - 1)) == hash(column.slice(1, column.length() - 1)));
  };
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  check(table::int64_column({7, 9, 65'542}));
  check(table::int64_column({7, 9, 65'543}));
  check(table::int64_column({-3, (std::int64_t{1} << 32) - 4}));
  check(table::int64_column({-3, (std::int64_t{1} << 32) - 3}));
  check(table::int64_column({kLeast, 0, kMost}));
  check(table::timestamp_column({-7 * kSecond, 3 * kSecond, 100 * kDay}));
  check(table::timestamp_column({-7 * kSecond, 3 * kSecond + 1, 100 * kDay}));
  check(table::double_column({-0.0, 1e300, 5}));
  check(table::string_column({"", "a", "bc"}));
  ColumnBuilder lists({Kind::kString, true});
  for (const char* text : {"a", "", "a longer one"}) {
    lists.append_list();
    lists.items().append_text(text);
    lists.items().append_null();
    lists.append_null();
  }
  check(lists.finish());
  ColumnBuilder nulls({Kind::kInt64});
  nulls.append_integer(5);
  nulls.append_null();
  nulls.append_integer(kMost);
  check(nulls.finish());
}

}  // namespace rtml::dataset
