#include "core/dataset/event_watch.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "core/project/source_union.h"

namespace rtml::dataset {
namespace {

using table::Column;

// Whether a watch that has seen the batches, each with one column of ids, thinks that some repeat.
bool may_repeat(const project::Source& source, const std::vector<Column>& ids) {
  EventWatch watch(source, "the rows");
  for (const Column& id : ids) {
    const Column times =
        table::timestamp_column(std::vector<std::int64_t>(static_cast<std::size_t>(id.length())));
    const table::Schema schema({{source.timestamp.column, times.type()}, {source.id, id.type()}});
    const auto added =
        watch.add({std::make_shared<table::Schema>(schema), {times, id}, id.length()});
    REQUIRE(added.has_value());
  }
  return watch.may_repeat();
}

project::Source plain_source() {
  project::Source source;
  source.name = "events";
  source.timestamp.column = "at";
  source.id = "id";
  return source;
}

// Integers all over, each once: too far apart to be ticked off.
std::vector<std::int64_t> far_integers(std::size_t count) {
  std::mt19937_64 random(3);
  std::vector<std::int64_t> integers(count);
  for (std::int64_t& integer : integers) integer = static_cast<std::int64_t>(random());
  return integers;
}

}  // namespace

TEST_CASE("event_watch: integers, close together and far apart, of both signs") {
  const project::Source source = plain_source();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  CHECK(
      !may_repeat(source, {table::int64_column({3, 1, 2}), table::int64_column({0, -1, kLeast})}));
  CHECK(may_repeat(source, {table::int64_column({3, 1, 2}), table::int64_column({0, 3})}));
  CHECK(may_repeat(source, {table::int64_column({-70'000}), table::int64_column({-70'000})}));
  std::vector<std::int64_t> far = far_integers(20'000);
  CHECK(!may_repeat(source, {table::int64_column(far)}));
  // One that was ticked off before the others were too many, and one of those behind.
  far.push_back(far[5]);
  CHECK(may_repeat(source, {table::int64_column(far)}));
  far.back() = far[19'990];
  CHECK(may_repeat(source, {table::int64_column(far)}));
}

TEST_CASE("event_watch: texts in any order") {
  const project::Source source = plain_source();
  CHECK(!may_repeat(source, {table::string_column({"b", "a", ""}), table::string_column({"ab"})}));
  CHECK(may_repeat(source, {table::string_column({"b", "a"}), table::string_column({"c", "b"})}));
  table::ColumnBuilder nulls({table::Kind::kString});
  nulls.append_null();
  nulls.append_null();
  CHECK(!may_repeat(source, {nulls.finish()}));
}

TEST_CASE("event_watch: one integer in two sources of a union is two ids") {
  project::Source first = plain_source();
  project::Source second = plain_source();
  second.name = "others";
  const std::vector<project::Source> parts = {first, second};
  const project::Source both = project::make_union(parts);
  const auto ids = [](std::size_t part, const std::vector<std::int64_t>& integers) {
    std::vector<std::string> texts;
    for (const std::int64_t integer : integers) {
      texts.push_back(project::union_id(part, table::Value::of_integer(integer)));
    }
    return table::string_column(texts);
  };
  CHECK(!may_repeat(both, {ids(0, {7, -7, 1}), ids(1, {7, -7})}));
  CHECK(may_repeat(both, {ids(0, {7, 1}), ids(1, {7, -7}), ids(1, {5, -7})}));
  const auto read = project::integer_of_union_id(
      project::union_id(65'535, table::Value::of_integer(-123'456'789'012'345)));
  REQUIRE(read.has_value());
  CHECK(read->part == 65'535);
  CHECK(read->id == -123'456'789'012'345);
  CHECK(!project::integer_of_union_id(project::union_id(1, table::Value::of_text("i7"))));
}

}  // namespace rtml::dataset
