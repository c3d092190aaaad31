#include "core/table/value.h"

#include <cmath>

#include "core/table/value_memory.h"

namespace rtml::table {

Value value_at(const Column& column, std::int64_t row) {
  if (column.is_null(row)) return {};
  switch (column.type().kind) {
    case Kind::kBool:
      return Value::of_bool(column.bool_at(row));
    case Kind::kFloat:
    case Kind::kDouble:
      return Value::of_number(column.number_at(row));
    case Kind::kString:
    case Kind::kBytes:
      return Value::of_text(column.text_at(row));
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kTimestamp:
      break;
  }
  return Value::of_integer(column.integer_at(row));
}

Value value_at(const Column& column, std::int64_t row, ValueMemory& memory) {
  if (!column.type().is_list) return value_at(column, row);
  if (column.is_null(row)) return {};
  const Column list = column.list_at(row);
  const std::span<Value> items = memory.make_list(static_cast<std::size_t>(list.length()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = value_at(list, static_cast<std::int64_t>(i));
  }
  return Value::of_list(items);
}

Column null_where_nan(const Column& column) {
  const DataType type = column.type();
  if (type.kind != Kind::kFloat && type.kind != Kind::kDouble) return column;
  ColumnBuilder builder(type);
  builder.reserve(column.length());
  const auto append = [](ColumnBuilder& to, const Column& from, std::int64_t row) {
    if (from.is_null(row) || std::isnan(from.number_at(row))) {
      to.append_null();
    } else {
      to.append_number(from.number_at(row));
    }
  };
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (!type.is_list) {
      append(builder, column, row);
    } else if (column.is_null(row)) {
      builder.append_null();
    } else {
      builder.append_list();
      const Column list = column.list_at(row);
      for (std::int64_t i = 0; i < list.length(); ++i) append(builder.items(), list, i);
    }
  }
  return builder.finish();
}

Value null_where_nan(const Value& value, ValueMemory& memory) {
  if (value.is_number()) return std::isnan(value.number()) ? Value() : value;
  if (!value.is_list()) return value;
  const std::span<Value> items = memory.make_list(value.list().size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = null_where_nan(value.list()[i], memory);
  }
  return Value::of_list(items);
}

void append_value(ColumnBuilder& builder, const Value& value) {
  if (value.is_null()) return builder.append_null();
  if (value.is_list()) {
    builder.append_list();
    for (const Value& item : value.list()) append_value(builder.items(), item);
    return;
  }
  switch (builder.type().kind) {
    case Kind::kBool:
      return builder.append_bool(value.boolean());
    case Kind::kFloat:
    case Kind::kDouble:
      return builder.append_number(value.is_number() ? value.number()
                                                     : static_cast<double>(value.integer()));
    case Kind::kString:
    case Kind::kBytes:
      return builder.append_text(value.text());
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kTimestamp:
      break;
  }
  builder.append_integer(value.integer());
}

}  // namespace rtml::table
