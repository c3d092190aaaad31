#include "core/feature/sweep_columns.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "core/feature/exact_sum.h"
#include "core/feature/packed_list.h"
#include "core/table/value_memory.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::ColumnBuilder;
using table::DataType;
using table::Kind;

// Positions in a block fit 32 bits, and one entity may have all the rows.
constexpr std::int64_t kMostRows = std::numeric_limits<Position>::max() - 1;

rtml::Status check_column(const Column& column, const std::string& name, DataType wanted,
                          std::int64_t rows) {
  // Integers of any width stand for each other as keys and ids.
  const bool fits =
      column.type() == wanted || (table::is_integer(wanted) && table::is_integer(column.type()));
  if (!fits) {
    return fail(
        ErrorCode::kDataWrongType,
        "column \"" + name + "\" is " + to_string(column.type()) + ", not " + to_string(wanted));
  }
  if (column.length() != rows) {
    return fail(ErrorCode::kInternal, "column \"" + name + "\" has " +
                                          std::to_string(column.length()) + " rows, not " +
                                          std::to_string(rows));
  }
  return {};
}

rtml::Status check_time(const Column& time, const std::string& name, std::int64_t rows) {
  RTML_TRY(check_column(time, name, {Kind::kTimestamp}, rows));
  if (time.null_count() == 0) return {};
  for (std::int64_t row = 0; row < rows; ++row) {
    if (time.is_null(row)) {
      return fail(ErrorCode::kDataBadValue, "the time of an event is null: column \"" + name +
                                                "\", row " + std::to_string(row + 1));
    }
  }
  return {};
}

rtml::Status check_keys(const Program& program, const std::vector<Column>& keys,
                        std::int64_t rows) {
  if (keys.size() != program.keys.size()) {
    return fail(ErrorCode::kInternal, "view " + program.view + " has " +
                                          std::to_string(program.keys.size()) +
                                          " key columns, not " + std::to_string(keys.size()));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    RTML_TRY(check_column(keys[i], program.keys[i].name, program.keys[i].type, rows));
  }
  return {};
}

// What an adopted column points into.
struct AdoptedBuffers {
  CellValues values;
  std::vector<std::uint8_t> bitmap;
};

// A column over `values` of `owner`, with the nulls that `valid` marks by 0 if it has any.
Column adopt(DataType type, const void* values, std::shared_ptr<AdoptedBuffers> owner,
             bool has_nulls = true) {
  const LargeVector<std::uint8_t>& valid = owner->values.valid;
  auto data = std::make_shared<table::ColumnData>();
  data->type = type;
  data->length = static_cast<std::int64_t>(valid.size());
  if (has_nulls) data->null_count = std::count(valid.begin(), valid.end(), std::uint8_t{0});
  if (data->null_count > 0) {
    owner->bitmap.assign((valid.size() + 7) / 8, 0);
    std::uint8_t* const bitmap = owner->bitmap.data();
    const std::uint8_t* const bytes = valid.data();
    for (std::size_t row = 0, count = valid.size(); row < count; ++row) {
      bitmap[row >> 3] |= static_cast<std::uint8_t>((bytes[row] & 1U) << (row & 7));
    }
    data->validity = bitmap;
  }
  data->values = values;
  data->owner = std::move(owner);
  return Column(std::move(data));
}

LargeVector<std::uint8_t> valid_of(const Column& column) {
  LargeVector<std::uint8_t> valid(static_cast<std::size_t>(column.length()), 1);
  if (column.null_count() == 0) return valid;
  for (std::size_t row = 0; row < valid.size(); ++row) {
    valid[row] = column.is_null(static_cast<std::int64_t>(row)) ? 0 : 1;
  }
  return valid;
}

// A DOUBLE column of `number(row)`, with the nulls of `column`.
template <typename Number>
Column number_column(const Column& column, const Number& number) {
  auto owner = std::make_shared<AdoptedBuffers>();
  owner->values.valid = valid_of(column);
  owner->values.numbers.resize(owner->values.valid.size());
  for (std::size_t row = 0; row < owner->values.numbers.size(); ++row) {
    owner->values.numbers[row] = number(row);
  }
  const double* const values = owner->values.numbers.data();
  return adopt({Kind::kDouble}, values, std::move(owner));
}

Result<Column> take_column(const table::Batch& batch, const std::string& name, DataType wanted,
                           std::string_view what) {
  RTML_TRY_ASSIGN(const std::size_t index, batch.schema().require(name, what));
  Column column = batch.column(index);
  RTML_TRY(check_column(column, name, wanted, batch.rows()));
  return column;
}

}  // namespace

Result<EventColumns> event_columns(const Program& program, const table::Batch& batch,
                                   std::string_view what) {
  EventColumns events;
  events.rows = batch.rows();
  for (const table::Field& key : program.keys) {
    RTML_TRY_ASSIGN(Column column, take_column(batch, key.name, key.type, what));
    events.keys.push_back(std::move(column));
  }
  RTML_TRY_ASSIGN(events.time, take_column(batch, program.time_column, {Kind::kTimestamp}, what));
  if (!program.created_column.empty()) {
    RTML_TRY_ASSIGN(events.created,
                    take_column(batch, program.created_column, {Kind::kTimestamp}, what));
  }
  if (!program.id_column.empty()) {
    RTML_TRY_ASSIGN(const std::size_t index, batch.schema().require(program.id_column, what));
    events.id = batch.column(index);
  }
  for (const table::Field& input : program.inputs) {
    RTML_TRY_ASSIGN(Column column, take_column(batch, input.name, input.type, what));
    events.inputs.push_back(std::move(column));
  }
  return events;
}

rtml::Status check_columns(const Program& program, const EventColumns& events,
                           const ReadColumns& reads) {
  if (std::max(events.rows, reads.rows) > kMostRows) {
    return fail(ErrorCode::kUnsupported, "more rows than one sweep takes: " +
                                             std::to_string(std::max(events.rows, reads.rows)));
  }
  RTML_TRY(check_keys(program, events.keys, events.rows));
  RTML_TRY(check_keys(program, reads.keys, reads.rows));
  RTML_TRY(check_time(events.time, program.time_column, events.rows));
  RTML_TRY(check_time(reads.time, std::string(kEventTimestamp), reads.rows));
  if (events.created.has_value() == program.created_column.empty() ||
      events.id.has_value() == program.id_column.empty() ||
      events.inputs.size() != program.inputs.size()) {
    return fail(ErrorCode::kInternal, "the events lack columns of view " + program.view);
  }
  if (events.created) {
    RTML_TRY(
        check_column(*events.created, program.created_column, {Kind::kTimestamp}, events.rows));
  }
  if (events.id) {
    const DataType wanted =
        is_text(events.id->type().kind) ? DataType{Kind::kString} : DataType{Kind::kInt64};
    RTML_TRY(check_column(*events.id, program.id_column, wanted, events.rows));
  }
  for (std::size_t i = 0; i < events.inputs.size(); ++i) {
    const table::Field& input = program.inputs[i];
    RTML_TRY(check_column(events.inputs[i], input.name, events.inputs[i].type(), events.rows));
    if (events.inputs[i].type() != input.type) {
      return fail(ErrorCode::kDataWrongType, "column \"" + input.name + "\" is " +
                                                 to_string(events.inputs[i].type()) + ", not " +
                                                 to_string(input.type));
    }
    // Offsets within a column are of 32 bits.
    if (input.type.is_list &&
        most_packed_bytes(events.inputs[i]) > std::numeric_limits<std::int32_t>::max()) {
      return fail(ErrorCode::kUnsupported,
                  "the lists of one sweep may take 2 GiB, but those of "
                  "column \"" +
                      input.name + "\" are " + std::to_string(most_packed_bytes(events.inputs[i])) +
                      " bytes");
    }
  }
  return {};
}

std::vector<Column> slot_columns(const Program& program, const EventColumns& events) {
  std::vector<Column> inputs = events.inputs;
  inputs.push_back(events.time);
  std::vector<Column> slots;
  for (const Slot& slot : program.slots) {
    const Column* const column =
        slot.expression.is_column() ? &inputs[slot.expression.columns().front()] : nullptr;
    if (slot.type.is_list) {
      slots.push_back(pack_lists(column ? *column : slot.expression.evaluate(inputs, events.rows)));
    } else if (column && column->type().kind == slot.kind) {
      slots.push_back(*column);
    } else {
      slots.push_back(slot.expression.evaluate(inputs, events.rows));
    }
  }
  return slots;
}

Column cell_column(const Cell& cell, CellValues values, bool has_nulls) {
  Column kept = to_column(std::move(values), cell.kept_type(), has_nulls);
  return cell.is_packed ? unpack_lists(kept, {cell.kind, true}) : kept;
}

Column to_column(CellValues values, DataType type, bool has_nulls) {
  const Kind kind = type.kind;
  if (type.is_list || kind == Kind::kBool || is_text(kind)) {
    ColumnBuilder builder(type);
    builder.reserve(static_cast<std::int64_t>(values.valid.size()));
    for (std::size_t row = 0; row < values.valid.size(); ++row) {
      if (values.valid[row] == 0) {
        builder.append_null();
      } else if (type.is_list) {
        append_value(builder, values.lists[row]);
      } else if (kind == Kind::kBool) {
        builder.append_bool(values.integers[row] != 0);
      } else {
        builder.append_text(values.views[row]);
      }
    }
    return builder.finish();
  }
  auto owner = std::make_shared<AdoptedBuffers>();
  owner->values = std::move(values);
  const void* const data = kind == Kind::kDouble
                               ? static_cast<const void*>(owner->values.numbers.data())
                               : static_cast<const void*>(owner->values.integers.data());
  return adopt({kind}, data, std::move(owner), has_nulls);
}

Column widened(const Column& column, DataType type) {
  if (type == column.type()) return column;
  if (type.kind == Kind::kDouble && !type.is_list) {
    const auto integers = column.values<std::int64_t>();
    return number_column(column,
                         [&](std::size_t row) { return static_cast<double>(integers[row]); });
  }
  // A narrow column's own values, which were read wide.
  ColumnBuilder builder(type);
  builder.reserve(column.length());
  table::ValueMemory memory;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    memory.clear();
    append_value(builder, value_at(column, row, memory));
  }
  return builder.finish();
}

Column to_declared(const Column& column, DataType type) {
  // Items of lists are canonical where they were made.
  if (type.is_list || type.kind != Kind::kDouble || column.type().kind != Kind::kDouble) {
    return widened(column, type);
  }
  const auto numbers = column.values<double>();
  return number_column(column, [&](std::size_t row) { return canonical(numbers[row]); });
}

Column with_nulls(const Column& column, const std::vector<std::uint8_t>& is_null) {
  if (is_null.empty()) return column;
  // The same buffers under another bitmap: what stands under a null does not matter.
  struct Owner {
    std::shared_ptr<const table::ColumnData> below;
    std::vector<std::uint8_t> bitmap;
  };
  auto owner = std::make_shared<Owner>();
  owner->below = column.data();
  auto data = std::make_shared<table::ColumnData>(*column.data());
  const std::int64_t offset = data->offset;
  owner->bitmap.assign(static_cast<std::size_t>(offset + data->length + 7) / 8, 0);
  data->null_count = 0;
  for (std::int64_t row = 0; row < data->length; ++row) {
    const bool is_valid = is_null[static_cast<std::size_t>(row)] == 0 && !column.is_null(row);
    data->null_count += is_valid ? 0 : 1;
    owner->bitmap[static_cast<std::size_t>(offset + row) >> 3] |=
        static_cast<std::uint8_t>((is_valid ? 1U : 0U) << ((offset + row) & 7));
  }
  data->validity = data->null_count > 0 ? owner->bitmap.data() : nullptr;
  data->owner = std::move(owner);
  return Column(std::move(data));
}

std::vector<Column> finish_outputs(const Program& program, const std::vector<Column>& cells,
                                   std::int64_t rows, const std::vector<std::uint8_t>& nulls) {
  std::vector<Column> values(program.outputs.size());
  for (const std::size_t cell : program.row_cells) values.push_back(cells[cell]);
  for (const std::size_t index : program.evaluation_order) {
    const Output& output = program.outputs[index];
    values[index] = output.expression
                        ? to_declared(output.expression->evaluate(values, rows), output.field.type)
                        : widened(cells[output.cell], output.field.type);
  }
  values.resize(program.outputs.size());
  // Only now, because an expression of a feature sees the values that its row would have had.
  for (Column& column : values) column = with_nulls(column, nulls);
  return values;
}

}  // namespace rtml::feature
