#include "core/dataset/part_columns.h"

#include <algorithm>

#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::dataset {
namespace {

using project::UnionValue;
using table::Column;
using table::ColumnBuilder;
using table::DataType;

template <typename ValueOf>
Column make_column(DataType type, std::int64_t rows, ValueOf value_of) {
  ColumnBuilder builder(type);
  builder.reserve(rows);
  for (std::int64_t row = 0; row < rows; ++row) table::append_value(builder, value_of(row));
  return builder.finish();
}

// INT32 as INT64; other columns are of their type already.
Column widened(const Column& column, DataType type) {
  if (column.type() == type) return column;
  return make_column(type, column.length(),
                     [&, memory = table::ValueMemory()](std::int64_t row) mutable {
                       memory.clear();
                       return table::value_at(column, row, memory);
                     });
}

template <typename AppendText>
Column texts_of_ids(const Column& ids, const AppendText& append_text) {
  std::string text;
  return make_column({table::Kind::kString}, ids.length(), [&](std::int64_t row) {
    if (ids.is_null(row)) return table::Value();
    text.clear();
    append_text(text, table::value_at(ids, row));
    return table::Value::of_text(text);
  });
}

}  // namespace

PartColumns::PartColumns(const project::Source& source, std::size_t part,
                         std::shared_ptr<const table::Schema> schema)
    : source_(source.parts[part]), part_(part), schema_(std::move(schema)) {
  for (const table::Field& field : schema_->fields()) {
    UnionValue value = project::value_of_part(source, part, field.name);
    std::size_t column = 0;
    if (!value.column.empty()) {
      const auto found = std::find(needed_.begin(), needed_.end(), value.column);
      column = static_cast<std::size_t>(found - needed_.begin());
      if (found == needed_.end()) needed_.push_back(std::move(value.column));
    }
    values_.push_back({value.kind, column});
  }
}

Status PartColumns::check_times(const table::Batch& rows, std::int64_t first_row) const {
  const auto found = std::find(needed_.begin(), needed_.end(), source_.timestamp.column);
  if (found == needed_.end()) return {};
  const Column& times = rows.column(static_cast<std::size_t>(found - needed_.begin()));
  for (std::int64_t row = 0; times.null_count() > 0 && row < rows.rows(); ++row) {
    if (!times.is_null(row)) continue;
    return fail(Error(ErrorCode::kDataBadTimestamp,
                      source_.batch->path + ": column " + source_.timestamp.column +
                          " has no time in row " + std::to_string(first_row + row + 1))
                    .with_help("every event needs a time; leave such rows out of the source"));
  }
  return {};
}

Result<table::Batch> PartColumns::unite(const table::Batch& rows, std::int64_t first_row) const {
  RTML_TRY(check_times(rows, first_row));
  const std::int64_t count = rows.rows();
  std::vector<Column> columns;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const DataType type = schema_->field(i).type;
    const auto given = [&]() -> const Column& { return rows.column(values_[i].column); };
    switch (values_[i].kind) {
      case UnionValue::Kind::kColumn:
        columns.push_back(widened(given(), type));
        break;
      case UnionValue::Kind::kNull:
        columns.push_back(make_column(type, count, [](std::int64_t) { return table::Value(); }));
        break;
      case UnionValue::Kind::kPart:
        columns.push_back(make_column(type, count, [&](std::int64_t) {
          return table::Value::of_integer(static_cast<std::int64_t>(part_));
        }));
        break;
      case UnionValue::Kind::kPartName:
        columns.push_back(make_column(
            type, count, [&](std::int64_t) { return table::Value::of_text(source_.name); }));
        break;
      case UnionValue::Kind::kId:
        columns.push_back(texts_of_ids(given(), [&](std::string& text, const table::Value& id) {
          project::append_union_id(text, part_, id);
        }));
        break;
      case UnionValue::Kind::kIdText:
        columns.push_back(texts_of_ids(given(), [](std::string& text, const table::Value& id) {
          text += project::id_text(id);
        }));
        break;
    }
  }
  return table::Batch(schema_, std::move(columns), count);
}

}  // namespace rtml::dataset
