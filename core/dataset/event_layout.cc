#include "core/dataset/event_layout.h"

#include <algorithm>

namespace rtml::dataset {

using table::Column;
using table::ColumnBuilder;
using table::DataType;
using table::Kind;

std::vector<Column> columns_of(const feature::EventColumns& events) {
  std::vector<Column> columns = events.keys;
  columns.push_back(events.time);
  if (events.created) columns.push_back(*events.created);
  if (events.id) columns.push_back(*events.id);
  columns.insert(columns.end(), events.inputs.begin(), events.inputs.end());
  return columns;
}

feature::EventColumns events_of(const feature::Program& program,
                                const std::vector<Column>& columns) {
  feature::EventColumns events;
  events.rows = columns.front().length();
  auto next = columns.begin();
  for (std::size_t i = 0; i < program.keys.size(); ++i) events.keys.push_back(*next++);
  events.time = *next++;
  if (!program.created_column.empty()) events.created = *next++;
  if (!program.id_column.empty()) events.id = *next++;
  for (std::size_t i = 0; i < program.inputs.size(); ++i) events.inputs.push_back(*next++);
  return events;
}

std::vector<Column> no_events(const feature::Program& program) {
  std::vector<Column> columns;
  const auto add = [&](DataType type) { columns.push_back(ColumnBuilder(type).finish()); };
  for (const table::Field& key : program.keys) add(key.type);
  add({Kind::kTimestamp});
  if (!program.created_column.empty()) add({Kind::kTimestamp});
  if (!program.id_column.empty()) add({Kind::kInt64});
  for (const table::Field& input : program.inputs) add(input.type);
  return columns;
}

std::vector<DataType> types_of(const std::vector<Column>& columns) {
  std::vector<DataType> types;
  for (const Column& column : columns) types.push_back(column.type());
  return types;
}

std::int64_t rows_without_key(const std::vector<Column>& keys, std::int64_t rows) {
  const auto has_nulls = [](const Column& key) { return key.null_count() > 0; };
  if (std::none_of(keys.begin(), keys.end(), has_nulls)) return 0;
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto is_null = [&](const Column& key) { return key.is_null(row); };
    count += std::any_of(keys.begin(), keys.end(), is_null) ? 1 : 0;
  }
  return count;
}

}  // namespace rtml::dataset
