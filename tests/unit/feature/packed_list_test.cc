// Lists as bytes: one writing each, and no bytes crash the reader.

#include "core/feature/packed_list.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

std::string packed(const std::vector<Value>& items, Kind kind) {
  std::string bytes;
  pack_list(items, kind, bytes);
  return bytes;
}

std::string shown_again(const std::string& bytes, Kind kind) {
  table::ValueMemory memory;
  CHECK(is_packed_list(bytes, kind));
  return show(unpack_list(bytes, kind, memory));
}

}  // namespace

TEST_CASE("pack_list: the bytes are those of docs/formats/state.md") {
  const auto number = Value::of_number;
  const auto integer = Value::of_integer;
  CHECK(packed({}, Kind::kDouble) == std::string("\0", 1));
  // 1.5 is a FLOAT, 0.1 is none.
  CHECK(packed({number(1.5)}, Kind::kDouble) == std::string("\1\2\0\0\xC0\x3F", 6));
  CHECK(packed({number(0.1)}, Kind::kDouble) ==
        std::string("\1\0\x9A\x99\x99\x99\x99\x99\xB9\x3F", 10));
  CHECK(packed({integer(-1), Value(), integer(64)}, Kind::kInt64) ==
        std::string("\3\1\5\1\x80\1", 6));
  CHECK(packed({Value::of_text("ab"), Value::of_text("")}, Kind::kString) ==
        std::string("\2\0\2ab\0", 6));
  CHECK(packed({Value::of_bool(true), Value::of_bool(false)}, Kind::kBool) ==
        std::string("\2\0\1\0", 4));
}

TEST_CASE("pack_list: gives lists back, with one NaN and one zero") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Value> odd = {Value::of_number(-nan),     Value::of_number(-0.0),
                                  Value::of_number(infinity), Value(),
                                  Value::of_number(1e300),    Value::of_number(5e-324)};
  const std::vector<Value> clean = {Value::of_number(nan),      Value::of_number(0.0),
                                    Value::of_number(infinity), Value(),
                                    Value::of_number(1e300),    Value::of_number(5e-324)};
  for (std::size_t count = 0; count <= odd.size(); ++count) {
    const std::vector<Value> some(odd.begin(), odd.begin() + static_cast<std::ptrdiff_t>(count));
    const std::vector<Value> same(clean.begin(),
                                  clean.begin() + static_cast<std::ptrdiff_t>(count));
    CHECK(packed(some, Kind::kDouble) == packed(same, Kind::kDouble));
    CHECK(shown_again(packed(some, Kind::kDouble), Kind::kDouble) == show(Value::of_list(same)));
  }
  const std::vector<Value> nulls(9);
  CHECK(shown_again(packed(nulls, Kind::kString), Kind::kString) == show(Value::of_list(nulls)));
}

TEST_CASE("is_packed_list: accepts what pack_list() gives and nothing else") {
  std::mt19937_64 random(5);
  const Kind kinds[] = {Kind::kBool,   Kind::kInt64, Kind::kDouble,
                        Kind::kString, Kind::kBytes, Kind::kTimestamp};
  table::ValueMemory memory;
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    const Kind kind = kinds[random() % std::size(kinds)];
    std::string bytes(random() % 14, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % (random() % 2 == 0 ? 4 : 256));
    memory.clear();
    const Value list = unpack_list(bytes, kind, memory);
    if (!is_packed_list(bytes, kind)) {
      CHECK(list.list().empty());
      continue;
    }
    ++accepted;
    std::string again;
    pack_list(list.list(), kind, again);
    CHECK(again == bytes);
  }
  CHECK(accepted > 500);
}

TEST_CASE("pack_lists: a column of lists and back") {
  table::ColumnBuilder builder({Kind::kFloat, true});
  builder.append_null();
  builder.append_list();
  builder.append_list();
  builder.items().append_number(0.1F);
  builder.items().append_null();
  const table::Column lists = builder.finish();
  const table::Column bytes = pack_lists(lists);
  CHECK(bytes.type() == table::DataType{Kind::kBytes});
  for (const Kind kind : {Kind::kFloat, Kind::kDouble}) {
    const table::Column again = unpack_lists(bytes, {kind, true});
    CHECK(again.type() == table::DataType{kind, true});
    table::ValueMemory memory;
    for (std::int64_t row = 0; row < 3; ++row) {
      CHECK(show(value_at(again, row, memory)) == show(value_at(lists, row, memory)));
    }
  }
}

}  // namespace rtml::feature
