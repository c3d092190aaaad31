#include "core/dataset/join.h"

#include <algorithm>
#include <set>

#include "core/dataset/feature_columns.h"

namespace rtml::dataset {
namespace {

Status check_names(const table::Batch& rows, std::string_view what, Features features) {
  std::set<std::string> taken;
  for (const std::string& name : rows.schema().names()) taken.insert(name);
  for (const project::ServiceColumn& column : features) {
    if (taken.insert(column.name).second) continue;
    return fail(Error(ErrorCode::kDataBadValue,
                      "a feature's name is taken by another feature or a column of " +
                          std::string(what) + ": " + column.name)
                    .with_help("name the columns view__feature with --full-feature-names, or "
                               "rename the column"));
  }
  return {};
}

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
                          SourceSet& sources, const BuildContext& context, JoinCounts* counts) {
  RTML_TRY(check_names(rows, what, features));
  std::map<const project::FeatureView*, feature::SweepResult> results;
  for (const auto& [view, program] : programs) {
    const project::Source& source = context.project.source_of(*view);
    RTML_TRY_ASSIGN(const table::Batch events, sources.rows(source));
    RTML_TRY_ASSIGN(const feature::EventColumns columns,
                    feature::event_columns(program, events, source.batch->path));
    RTML_TRY_ASSIGN(feature::SweepResult result,
                    read_features(program, columns, {rows, what, timestamp_column},
                                  {.threads = context.threads, .cancel = &context.cancel}));
    if (counts != nullptr) {
      counts->events_without_key += result.events_without_key;
      counts->overflows += result.overflows;
    }
    results.emplace(view, std::move(result));
  }
  std::vector<table::Field> fields = rows.schema().fields();
  std::vector<table::Column> values = rows.columns();
  for (const project::ServiceColumn& column : features) {
    fields.push_back({column.name, column.feature->type});
    values.push_back(results.at(column.view)
                         .features[output_index(programs.at(column.view), column.feature->name)]);
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(values),
                      rows.rows());
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
  add(source.id);
  add(source.timestamp.column);
  return columns;
}

Result<table::Batch> select_rows(const project::Source& source, const table::Batch& events,
                                 const std::vector<std::string>& columns,
                                 const std::vector<std::int64_t>& kept,
                                 const std::string& timestamp_column) {
  std::vector<table::Field> fields;
  std::vector<table::Column> values;
  for (const std::string& column : columns) {
    RTML_TRY_ASSIGN(const std::size_t index, events.schema().require(column, source.batch->path));
    fields.push_back(events.schema().field(index));
    if (column == source.timestamp.column) fields.back().name = timestamp_column;
    values.push_back(take_rows(events.column(index), kept));
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(values),
                      static_cast<std::int64_t>(kept.size()));
}

}  // namespace rtml::dataset
