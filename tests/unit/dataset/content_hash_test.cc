#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/base/hash.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/training_set.h"

namespace rtml::dataset {
namespace {

table::Batch rows_of(std::vector<table::Field> fields, std::vector<table::Column> columns) {
  const std::int64_t rows = columns.front().length();
  return {std::make_shared<table::Schema>(std::move(fields)), std::move(columns), rows};
}

const table::DataType kInteger{table::Kind::kInt64, false};
const table::DataType kNumber{table::Kind::kDouble, false};

}  // namespace

TEST_CASE("content_sha256: is the digest of the documented bytes") {
  const std::string length("\100\0\0\0\0\0\0\0", 8);  // Of 64 digits.
  const std::string bytes = std::string(
                                "\1\0\0\0\0\0\0\0"   // rows
                                "\1\0\0\0\0\0\0\0"   // columns
                                "\1\0\0\0\0\0\0\0a"  // name
                                "\5\0\0\0\0\0\0\0INT64",
                                8 + 8 + 9 + 13) +
                            length + sha256_hex(std::string("\7\0\0\0\0\0\0\0", 8)) + length +
                            sha256_hex("");
  CHECK(content_sha256(rows_of({{"a", kInteger}}, {table::int64_column({7})})) ==
        sha256_hex(bytes));
}

TEST_CASE("content_sha256: a slice equals its copy") {
  const table::Batch whole = rows_of({{"a", kInteger}}, {table::int64_column({1, 2, 3, 4})});
  CHECK(content_sha256(whole.slice(1, 2)) ==
        content_sha256(rows_of({{"a", kInteger}}, {table::int64_column({2, 3})})));
}

TEST_CASE("content_sha256: does not depend on batches and threads") {
  table::ColumnBuilder text({table::Kind::kString, false});
  table::ColumnBuilder lists({table::Kind::kDouble, true});
  for (int row = 0; row < 10; ++row) {
    if (row % 3 == 0) {
      text.append_null();
    } else {
      text.append_text("row " + std::to_string(row));
    }
    lists.append_list();
    lists.items().append_number(row);
    lists.items().append_null();
  }
  const table::Batch whole =
      rows_of({{"a", {table::Kind::kString, false}}, {"b", {table::Kind::kDouble, true}}},
              {text.finish(), lists.finish()});
  ContentHash hash(whole.shared_schema(), 1);
  hash.add(whole.slice(0, 4));
  hash.add(whole.slice(4, 0));
  hash.add(whole.slice(4, 6));
  CHECK(hash.finish_hex() == content_sha256(whole));
  CHECK(content_sha256(whole, 2) == content_sha256(whole));
  CHECK(content_sha256(whole.slice(0, 9)) != content_sha256(whole.slice(1, 9)));
}

TEST_CASE("content_sha256: sees names, types, order, nulls and the sign of zero") {
  const auto of = [](std::vector<double> values) {
    return content_sha256(rows_of({{"a", kNumber}}, {table::double_column(values)}));
  };
  CHECK(of({0.0}) != of({-0.0}));
  CHECK(of({1, 2}) != of({2, 1}));
  CHECK(of({std::nan("1")}) == of({-std::numeric_limits<double>::quiet_NaN()}));
  CHECK(content_sha256(rows_of({{"b", kNumber}}, {table::double_column({1})})) != of({1}));
  CHECK(content_sha256(rows_of({{"a", kInteger}}, {table::int64_column({0})})) != of({0}));
  table::ColumnBuilder with_null(kNumber);
  with_null.append_null();
  CHECK(content_sha256(rows_of({{"a", kNumber}}, {with_null.finish()})) != of({0}));
}

}  // namespace rtml::dataset
