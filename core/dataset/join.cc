#include "core/dataset/join.h"

#include <algorithm>

#include "core/dataset/feature_join.h"
#include "core/project/source_union.h"

namespace rtml::dataset {
namespace {

table::Column take_rows(const table::Column& column, const std::vector<std::int64_t>& rows) {
  const bool is_run = !rows.empty() &&
                      rows.back() - rows.front() + 1 == static_cast<std::int64_t>(rows.size()) &&
                      std::is_sorted(rows.begin(), rows.end());
  if (is_run) return column.slice(rows.front(), static_cast<std::int64_t>(rows.size()));
  return column.take(rows);
}

}  // namespace

Result<Programs> compile_views(Features features, SourceSet& sources) {
  Programs programs;
  std::vector<Error> errors;
  for (const project::ServiceColumn& column : features) {
    if (programs.contains(column.view)) continue;
    Result<feature::Program> program = sources.compile(*column.view);
    if (program) {
      programs.emplace(column.view, std::move(*program));
    } else {
      errors.push_back(std::move(program).error());
      programs.emplace(column.view, feature::Program{});
    }
  }
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  return programs;
}

std::size_t output_index(const feature::Program& program, const std::string& feature) {
  std::size_t index = 0;
  while (program.outputs[index].field.name != feature) ++index;
  return index;
}

Result<table::Batch> join(const table::Batch& rows, std::string_view what, Features features,
                          const Programs& programs, const std::string& timestamp_column,
                          SourceSet& sources, const BuildContext& context) {
  FeatureJoin joined({features.begin(), features.end()}, programs, sources, context, nullptr,
                     false);
  std::int64_t start = 0;
  do {
    const std::int64_t count = std::min(kBatchRows, rows.rows() - start);
    RTML_TRY(joined.add_rows(rows.slice(start, count), what, timestamp_column));
    start += count;
  } while (start < rows.rows());
  RTML_TRY(joined.compute());
  std::vector<table::Batch> batches;
  while (true) {
    RTML_TRY_ASSIGN(std::optional<table::Batch> batch, joined.next());
    if (!batch) break;
    batches.push_back(std::move(*batch));
  }
  return table::concatenate(joined.schema(), batches);
}

std::vector<std::string> event_columns_of(const project::Source& source, Features features,
                                          const Programs& programs) {
  std::vector<std::string> columns;
  const auto add = [&](const std::string& column) {
    if (!column.empty() && std::find(columns.begin(), columns.end(), column) == columns.end()) {
      columns.push_back(column);
    }
  };
  for (const project::ServiceColumn& column : features) {
    for (const table::Field& key : programs.at(column.view).keys) add(key.name);
  }
  if (source.is_union()) {
    add(std::string(project::kUnionSourceName));
    if (!source.id.empty()) add(std::string(project::kUnionIdText));
  } else {
    add(source.id);
  }
  add(source.timestamp.column);
  return columns;
}

Result<table::Batch> select_columns(const project::Source& source, const table::Batch& events,
                                    const std::vector<std::string>& columns,
                                    const std::string& timestamp_column) {
  std::vector<table::Field> fields;
  std::vector<table::Column> values;
  for (const std::string& column : columns) {
    RTML_TRY_ASSIGN(const std::size_t index, events.schema().require(column, source.batch->path));
    fields.push_back(events.schema().field(index));
    if (column == source.timestamp.column) fields.back().name = timestamp_column;
    if (column == project::kUnionSourceName) fields.back().name = project::kEventSource;
    if (column == project::kUnionIdText) fields.back().name = project::kEventId;
    values.push_back(events.column(index));
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(values),
                      events.rows());
}

Result<table::Batch> select_rows(const project::Source& source, const table::Batch& events,
                                 const std::vector<std::string>& columns,
                                 const std::vector<std::int64_t>& kept,
                                 const std::string& timestamp_column) {
  RTML_TRY_ASSIGN(const table::Batch all,
                  select_columns(source, events, columns, timestamp_column));
  std::vector<table::Column> values;
  for (const table::Column& column : all.columns()) values.push_back(take_rows(column, kept));
  return table::Batch(all.shared_schema(), std::move(values),
                      static_cast<std::int64_t>(kept.size()));
}

}  // namespace rtml::dataset
