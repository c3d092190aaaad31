#include "core/table/column.h"

#include <doctest/doctest.h>

namespace rtml::table {

TEST_CASE("ColumnBuilder: nulls that come late mark only themselves") {
  ColumnBuilder builder({Kind::kInt64});
  for (int i = 0; i < 13; ++i) builder.append_integer(i);
  builder.append_null();
  builder.append_integer(14);
  const Column column = builder.finish();
  REQUIRE(column.length() == 15);
  CHECK(column.null_count() == 1);
  for (int i = 0; i < 15; ++i) CHECK(column.is_null(i) == (i == 13));
  CHECK(column.values<std::int64_t>()[14] == 14);
}

TEST_CASE("ColumnBuilder: texts, bits and lists come back as they went in") {
  ColumnBuilder text({Kind::kString});
  text.append_text("a");
  text.append_null();
  text.append_text("");
  text.append_text("bcd");
  const Column texts = text.finish();
  CHECK(texts.text_at(0) == "a");
  CHECK(texts.is_null(1));
  CHECK(texts.text_at(2).empty());
  CHECK(texts.text_at(3) == "bcd");

  ColumnBuilder list({Kind::kDouble, true});
  list.append_list();
  list.items().append_number(1.5);
  list.items().append_number(2.5);
  list.append_null();
  list.append_list();
  list.append_list();
  list.items().append_number(3.5);
  const Column lists = list.finish();
  REQUIRE(lists.length() == 4);
  CHECK(lists.list_at(0).length() == 2);
  CHECK(lists.is_null(1));
  CHECK(lists.list_at(2).length() == 0);
  CHECK(lists.list_at(3).values<double>()[0] == 3.5);

  ColumnBuilder bits({Kind::kBool});
  for (int i = 0; i < 20; ++i) bits.append_bool(i % 3 == 0);
  const Column flags = bits.finish();
  for (int i = 0; i < 20; ++i) CHECK(flags.bool_at(i) == (i % 3 == 0));
}

TEST_CASE("ColumnBuilder: columns appended in bulk equal the same row by row") {
  for (const Kind kind : {Kind::kBool, Kind::kInt32, Kind::kInt64, Kind::kFloat, Kind::kDouble,
                          Kind::kString, Kind::kTimestamp}) {
    for (const bool with_nulls : {false, true}) {
      CAPTURE(to_string(DataType{kind}));
      CAPTURE(with_nulls);
      ColumnBuilder source({kind});
      for (int i = 0; i < 21; ++i) {
        if (with_nulls && i % 5 == 2) {
          source.append_null();
        } else if (kind == Kind::kBool) {
          source.append_bool(i % 2 == 0);
        } else if (kind == Kind::kString) {
          source.append_text(std::string(static_cast<std::size_t>(i), 'x'));
        } else if (kind == Kind::kFloat || kind == Kind::kDouble) {
          source.append_number(i + 0.5);
        } else {
          source.append_integer(i);
        }
      }
      const Column column = source.finish().slice(3, 15);
      const std::vector<std::int64_t> rows = {14, 0, 7, 7, -1};
      ColumnBuilder bulk({kind});
      ColumnBuilder single({kind});
      bulk.append_null();
      single.append_null();
      bulk.append_column(column);
      for (std::int64_t row = 0; row < column.length(); ++row) single.append_from(column, row);
      bulk.append_rows(column, std::span(rows).first(4));
      bulk.append_rows(column, rows);
      for (const std::int64_t row : {14, 0, 7, 7, 14, 0, 7, 7}) single.append_from(column, row);
      single.append_null();
      const Column a = bulk.finish();
      const Column b = single.finish();
      REQUIRE(a.length() == b.length());
      CHECK(a.null_count() == b.null_count());
      for (std::int64_t row = 0; row < a.length(); ++row) {
        REQUIRE(a.is_null(row) == b.is_null(row));
        if (a.is_null(row)) continue;
        if (kind == Kind::kString) {
          CHECK(a.text_at(row) == b.text_at(row));
        } else {
          CHECK(a.number_at(row) == b.number_at(row));
        }
      }
    }
  }
}

TEST_CASE("Column: slices and takes see the right rows") {
  ColumnBuilder builder({Kind::kDouble});
  for (int i = 0; i < 10; ++i) {
    if (i % 4 == 1) {
      builder.append_null();
    } else {
      builder.append_number(i);
    }
  }
  const Column slice = builder.finish().slice(3, 5);
  CHECK(slice.length() == 5);
  CHECK(slice.null_count() == 1);
  CHECK(slice.is_null(2));
  const std::int64_t rows[] = {4, -1, 0};
  const Column taken = slice.take(rows);
  CHECK(taken.number_at(0) == 7);
  CHECK(taken.is_null(1));
  CHECK(taken.number_at(2) == 3);
}

TEST_CASE("parse_type: reads what to_string writes") {
  for (const std::string& name : type_names()) {
    CHECK(to_string(parse_type(name).value()) == name);
    CHECK(to_string(parse_type("list<" + name + ">").value()) == "LIST<" + name + ">");
  }
  CHECK_FALSE(parse_type("VARCHAR"));
}

}  // namespace rtml::table
