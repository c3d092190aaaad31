#include "core/dataset/entity_index.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace rtml::dataset {
namespace {

table::Column int32_column(const std::vector<std::int32_t>& values) {
  table::ColumnBuilder builder({table::Kind::kInt32, false});
  for (const std::int32_t value : values) builder.append_integer(value);
  return builder.finish();
}

}  // namespace

TEST_CASE("EntityIndex: integers of different width are one entity") {
  EntityIndex index({KeyKind::kInteger});
  CHECK(index.add(std::vector{table::int64_column({7, -1, 7})}, 3) ==
        std::vector<std::int32_t>{0, 1, 0});
  CHECK(index.find(std::vector{int32_column({-1, 7, 8})}, 3) ==
        std::vector<std::int32_t>{1, 0, EntityIndex::kNone});
}

TEST_CASE("EntityIndex: many integers keep their numbers while the table grows") {
  std::vector<std::int64_t> keys;
  for (std::int64_t key = 0; key < 10'000; ++key) keys.push_back(key * 1'000'003 - 5'000);
  EntityIndex index({KeyKind::kInteger});
  const std::vector columns = {table::int64_column(keys)};
  const auto numbers = index.add(columns, 10'000);
  CHECK(index.size() == 10'000);
  CHECK(index.find(columns, 10'000) == numbers);
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST_CASE("EntityIndex: keys that collide when glued stay apart") {
  EntityIndex index({KeyKind::kText, KeyKind::kText});
  const std::vector columns = {table::string_column({"1", "12", "123", std::string("a\0", 2), "a"}),
                               table::string_column({"23", "3", "", "b", std::string("\0b", 2)})};
  CHECK(index.add(columns, 5) == std::vector<std::int32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("EntityIndex: a null in any part is no entity") {
  table::ColumnBuilder second({table::Kind::kString, false});
  second.append_text("x");
  second.append_null();
  EntityIndex index({KeyKind::kInteger, KeyKind::kText});
  CHECK(index.add(std::vector{table::int64_column({1, 1}), second.finish()}, 2) ==
        std::vector<std::int32_t>{0, EntityIndex::kNone});
}

TEST_CASE("EntityIndex: without key columns there is one entity") {
  EntityIndex index({});
  CHECK(index.add({}, 2) == std::vector<std::int32_t>{0, 0});
  CHECK(index.find({}, 1) == std::vector<std::int32_t>{0});
  CHECK(index.size() == 1);
}

TEST_CASE("key_kind: a number with a fraction is no key") {
  const auto kind = key_kind({table::Kind::kDouble, false}, "column amount");
  REQUIRE_FALSE(kind.has_value());
  CHECK(kind.error().code() == ErrorCode::kDataWrongType);
  CHECK(kind.error().message() == "column amount cannot be a key of type: DOUBLE");
}

TEST_CASE("append_key_bytes: sorts as the keys do") {
  const std::vector columns = {table::int64_column({-5, 0, 0, 9}),
                               table::string_column({"b", "a", "ab", ""})};
  std::vector<std::string> keys(4);
  for (std::int64_t row = 0; row < 4; ++row) append_key_bytes(columns, row, &keys[row]);
  CHECK(std::is_sorted(keys.begin(), keys.end()));
}

}  // namespace rtml::dataset
