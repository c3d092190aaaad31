#include "core/table/arrow_c_interface.h"

#include <doctest/doctest.h>

#include "core/base/utf8.h"

namespace rtml::table {
namespace {

// Columns of every kind with nulls, and a list.
Batch sample() {
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"flag", {Kind::kBool}},
                                                        {"small", {Kind::kInt32}},
                                                        {"number", {Kind::kDouble}},
                                                        {"text", {Kind::kString}},
                                                        {"raw", {Kind::kBytes}},
                                                        {"time", {Kind::kTimestamp}},
                                                        {"list", {Kind::kInt64, true}}});
  std::vector<ColumnBuilder> builders;
  for (const Field& field : schema->fields()) builders.emplace_back(field.type);
  for (int row = 0; row < 200; ++row) {
    if (row % 9 == 4) {
      for (ColumnBuilder& builder : builders) builder.append_null();
      continue;
    }
    builders[0].append_bool(row % 3 == 0);
    builders[1].append_integer(row);
    builders[2].append_number(row / 3.0);
    builders[3].append_text("é" + std::to_string(row));
    builders[4].append_text("\xFF");
    builders[5].append_integer(row);
    builders[6].append_list();
    for (int i = 0; i < row % 4; ++i) builders[6].items().append_integer(row * 10 + i);
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {schema, std::move(columns), 200};
}

Result<Batch> cross(const Batch& batch) {
  Imported<ArrowSchema> schema;
  export_schema(batch.schema(), schema.get());
  RTML_TRY_ASSIGN(Schema imported, import_schema(*schema.get()));
  Imported<ArrowArray> array;
  export_batch(batch, array.get());
  return import_batch(std::move(array), std::make_shared<const Schema>(std::move(imported)));
}

void check_equal(const Batch& a, const Batch& b) {
  REQUIRE(a.schema() == b.schema());
  REQUIRE(a.rows() == b.rows());
  for (std::size_t i = 0; i < a.columns().size(); ++i) {
    CHECK(a.column(i).null_count() == b.column(i).null_count());
    for (std::int64_t row = 0; row < a.rows(); ++row) {
      REQUIRE(a.column(i).is_null(row) == b.column(i).is_null(row));
      if (a.column(i).is_null(row)) continue;
      const DataType type = a.column(i).type();
      if (type.is_list) {
        const Column left = a.column(i).list_at(row);
        const Column right = b.column(i).list_at(row);
        REQUIRE(left.length() == right.length());
        for (std::int64_t k = 0; k < left.length(); ++k) {
          REQUIRE(left.integer_at(k) == right.integer_at(k));
        }
      } else if (type.kind == Kind::kString || type.kind == Kind::kBytes) {
        REQUIRE(a.column(i).text_at(row) == b.column(i).text_at(row));
      } else {
        REQUIRE(a.column(i).number_at(row) == b.column(i).number_at(row));
      }
    }
  }
}

TEST_CASE("export, import: a table crosses unchanged, also in slices and empty") {
  const Batch batch = sample();
  for (const Batch& part : {batch, batch.slice(13, 100), batch.slice(200, 0), batch.slice(7, 1)}) {
    const auto back = cross(part);
    REQUIRE_MESSAGE(back.has_value(), (back ? "" : back.error().message()));
    check_equal(part, *back);
  }
  const Batch none(std::make_shared<const Schema>(), {}, 5);
  REQUIRE(cross(none));
  CHECK(cross(none)->rows() == 5);
}

TEST_CASE("import: values are not copied and live as long as a column does") {
  const Batch batch = sample();
  const void* values = batch.column(2).data()->values;
  Column kept;
  {
    const auto back = cross(batch);
    REQUIRE(back);
    CHECK(back->column(2).data()->values == values);
    kept = back->column(3).slice(10, 5);
  }
  CHECK(kept.text_at(0) == "é10");
}

TEST_CASE("import_batch: a wrong null count and a column of another length are refused") {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"n", {Kind::kInt64}}});
  ColumnBuilder builder({Kind::kInt64});
  builder.append_integer(1);
  builder.append_null();
  const Batch batch(schema, {builder.finish()}, 2);
  const auto import_changed = [&](auto change) {
    Imported<ArrowArray> array;
    export_batch(batch, array.get());
    change(*array.get());
    const auto back = import_batch(std::move(array), schema);
    return back ? std::string("accepted") : back.error().message();
  };
  CHECK(import_changed([](ArrowArray& a) { a.children[0]->null_count = -1; }) == "accepted");
  CHECK(import_changed([](ArrowArray& a) { a.children[0]->null_count = 2; }) ==
        "column \"n\": a null count of 2 where 1 values are null");
  CHECK(import_changed([](ArrowArray& a) { a.children[0]->offset = -1; }) ==
        "column \"n\": an offset of -1");
  CHECK(import_changed([](ArrowArray& a) { a.length = 3; }) ==
        "column \"n\": 2 values where the table has 3 rows");
  CHECK(import_changed([](ArrowArray& a) { a.null_count = 1; }) == "a table with nulls of its own");
}

TEST_CASE("ExportedStream: a reader's error stays whole on this side") {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"n", {Kind::kInt64}}});
  const auto reader = read_generated(schema, []() -> Result<std::optional<Batch>> {
    return fail(ErrorCode::kDataBadValue, "no such row");
  });
  ExportedStream stream(*reader);
  Imported<ArrowArray> array;
  CHECK(stream.stream()->get_next(stream.stream(), array.get()) != 0);
  CHECK(std::string(stream.stream()->get_last_error(stream.stream())) == "no such row");
  REQUIRE(stream.error());
  CHECK(stream.error()->code() == ErrorCode::kDataBadValue);
}

// The well-formed and ill-formed sequences of table 3-7 of the Unicode Standard 15.0.
TEST_CASE("is_utf8: refuses overlong forms, surrogates and what is above U+10FFFF") {
  for (const char* text : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(is_utf8(text));
  }
  for (const char* text :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xFFz"}) {
    CHECK(!is_utf8(text));
  }
  CHECK(is_ascii("only ascii, longer than a word"));
  CHECK(!is_ascii("only ascii, longer than a wörd"));
}

}  // namespace
}  // namespace rtml::table
