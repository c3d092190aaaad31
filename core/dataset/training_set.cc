#include "core/dataset/training_set.h"

#include <algorithm>
#include <map>

#include "core/base/time.h"
#include "core/dataset/event_rows.h"
#include "core/dataset/feature_columns.h"
#include "core/dataset/manifest.h"
#include "core/dataset/source_set.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::dataset {
namespace {

using Features = std::span<const project::ServiceColumn>;

// The views of `features`, compiled, by the view.
using Programs = std::map<const project::FeatureView*, feature::Program>;

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

std::size_t output_of(const feature::Program& program, const std::string& feature) {
  std::size_t index = 0;
  while (program.outputs[index].field.name != feature) ++index;
  return index;
}

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

// The rows with the features beside them, without a manifest.
Result<TrainingSet> join(const table::Batch& rows, std::string_view what, Features features,
                         const Programs& programs, const BuildOptions& options, SourceSet& sources,
                         const BuildContext& context) {
  RTML_TRY(check_names(rows, what, features));
  std::map<const project::FeatureView*, feature::SweepResult> results;
  for (const auto& [view, program] : programs) {
    const project::Source& source = context.project.source_of(*view);
    RTML_TRY_ASSIGN(const table::Batch events, sources.rows(source));
    RTML_TRY_ASSIGN(const feature::EventColumns columns,
                    feature::event_columns(program, events, source.batch->path));
    RTML_TRY_ASSIGN(
        feature::SweepResult result,
        read_features(program, columns, {rows, what, options.timestamp_column}, context));
    results.emplace(view, std::move(result));
  }
  TrainingSet set;
  std::vector<table::Field> fields = rows.schema().fields();
  std::vector<table::Column> columns = rows.columns();
  for (const project::ServiceColumn& column : features) {
    const std::size_t output = output_of(programs.at(column.view), column.feature->name);
    fields.push_back({column.name, column.feature->type});
    columns.push_back(results.at(column.view).features[output]);
    set.feature_columns.push_back(column.name);
  }
  set.rows = table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(columns),
                          rows.rows());
  set.timestamp_column = options.timestamp_column;
  return set;
}

// Fails if a feature sees values of the label column that are not mature at the row's time.
Status check_leaks(const project::LabelSpec& labels, Features features, const Programs& programs) {
  std::vector<Error> errors;
  for (const project::ServiceColumn& column : features) {
    if (column.view->source != labels.source) continue;
    const feature::Program& program = programs.at(column.view);
    const std::size_t output = output_of(program, column.feature->name);
    for (const feature::Dependency& dependency : program.outputs[output].dependencies) {
      if (dependency.column != labels.column || dependency.least_delay_us >= labels.maturity_us) {
        continue;
      }
      errors.push_back(
          Error(ErrorCode::kLabelLeak, "feature " + column.view->name + ":" + column.feature->name +
                                           " would know the label " + labels.column +
                                           " before it is mature: delay " +
                                           format_duration(dependency.least_delay_us) +
                                           ", maturity " + format_duration(labels.maturity_us))
              .at(column.feature->location)
              .with_help("give its window a delay of at least " +
                         format_duration(labels.maturity_us) + ", or pass --allow-leak"));
    }
  }
  if (errors.empty()) return {};
  return fail(Error::many(std::move(errors)));
}

// The columns that label rows have, as the source calls them, without repetition: the keys of
// every view, the id, the time, the label.
std::vector<std::string> label_columns(const project::Source& source, const std::string& label,
                                       const Programs& programs, Features features) {
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
  add(label);
  return columns;
}

struct LabelRows {
  table::Batch rows;
  std::int64_t duplicates = 0;
  std::int64_t without_label = 0;
  std::int64_t immature = 0;
};

// The rows of a label source that can be learnt from, with the time under the name that
// `options` asks for.
Result<LabelRows> label_rows(const project::Source& source, const project::LabelSpec& labels,
                             const table::Batch& events, const std::vector<std::string>& columns,
                             const BuildOptions& options) {
  LabelRows result;
  const std::string& what = source.batch->path;
  RTML_TRY_ASSIGN(const std::vector<std::int64_t> order, event_rows(source, events, what));
  result.duplicates = events.rows() - static_cast<std::int64_t>(order.size());
  RTML_TRY_ASSIGN(const std::size_t time, events.schema().require(source.timestamp.column, what));
  RTML_TRY_ASSIGN(const std::size_t label, events.schema().require(labels.column, what));
  const auto times = events.column(time).values<std::int64_t>();
  std::vector<std::int64_t> kept;
  const std::int64_t latest = order.empty() ? 0 : times[order.back()];
  for (const std::int64_t row : order) {
    if (options.from_us && times[row] < *options.from_us) continue;
    if (options.to_us && times[row] > *options.to_us) continue;
    if (events.column(label).is_null(row)) {
      ++result.without_label;
    } else if (times[row] + labels.maturity_us > latest) {
      ++result.immature;
    } else {
      kept.push_back(row);
    }
  }
  if (kept.empty()) {
    return fail(Error(ErrorCode::kDataEmpty,
                      "no event of source " + source.name + " has a mature label: " + labels.column)
                    .with_help(std::to_string(result.without_label) + " are null, " +
                               std::to_string(result.immature) + " are younger than " +
                               format_duration(labels.maturity_us) +
                               " at the latest event of the source"));
  }
  std::vector<table::Field> fields;
  std::vector<table::Column> values;
  for (const std::string& column : columns) {
    RTML_TRY_ASSIGN(const std::size_t index, events.schema().require(column, what));
    fields.push_back(events.schema().field(index));
    if (index == time) fields.back().name = options.timestamp_column;
    values.push_back(events.column(index).take(kept));
  }
  result.rows = table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(values),
                             static_cast<std::int64_t>(kept.size()));
  return result;
}

// Types for reading an entity file: its moments, and in text files its keys, whose type there is
// only a guess of the reader.
std::map<std::string, table::DataType> entity_file_types(const std::filesystem::path& path,
                                                         const Programs& programs,
                                                         const BuildOptions& options) {
  std::map<std::string, table::DataType> types;
  types[options.timestamp_column] = {table::Kind::kTimestamp, false};
  if (path.extension() == ".parquet") return types;
  for (const auto& [view, program] : programs) {
    for (const table::Field& key : program.keys) types.emplace(key.name, key.type);
  }
  return types;
}

}  // namespace

Result<TrainingSet> build_training_set(const project::Pipeline& pipeline,
                                       const BuildOptions& options, const BuildContext& context) {
  const project::LabelSpec& labels = pipeline.dataset.labels;
  RTML_TRY_ASSIGN(const project::FeatureService* service,
                  context.project.find_service(pipeline.dataset.service));
  RTML_TRY_ASSIGN(const project::Source* source, context.project.find_source(labels.source));
  const std::vector<project::ServiceColumn> features = context.project.columns_of(*service);
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  if (!options.allow_leak) RTML_TRY(check_leaks(labels, features, programs));

  RTML_TRY(sources.open(*source));
  const std::vector<std::string> columns =
      label_columns(*source, labels.column, programs, features);
  RTML_TRY(sources.want(*source, columns));
  if (source->created) RTML_TRY(sources.want(*source, std::vector{source->created->column}));
  RTML_TRY_ASSIGN(const table::Batch events, sources.rows(*source));
  RTML_TRY_ASSIGN(const LabelRows rows, label_rows(*source, labels, events, columns, options));

  const std::string what = "source " + source->name;
  RTML_TRY_ASSIGN(TrainingSet set,
                  join(rows.rows, what, features, programs, options, sources, context));
  set.label_column = labels.column;
  ManifestParts parts{.features = features, .service = service};
  parts.labels = {{"source", labels.source},
                  {"column", labels.column},
                  {"maturity", format_duration(labels.maturity_us)},
                  {"duplicates", rows.duplicates},
                  {"without_label", rows.without_label},
                  {"immature", rows.immature}};
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, parts, sources, context));
  return set;
}

Result<TrainingSet> add_features(const table::Batch& rows, std::string_view what,
                                 std::span<const project::ServiceColumn> features,
                                 const BuildOptions& options, const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  RTML_TRY_ASSIGN(TrainingSet set, join(rows, what, features, programs, options, sources, context));
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, {.features = features}, sources, context));
  return set;
}

Result<TrainingSet> build_from_file(const std::filesystem::path& entities,
                                    std::span<const project::ServiceColumn> features,
                                    const BuildOptions& options, const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  RTML_TRY_ASSIGN(const auto store, context.plugins.table_store("file"));
  plugin::ScanRequest request{.path = entities.string()};
  RTML_TRY_ASSIGN(const table::Schema schema, store->schema(request, {.cancel = &context.cancel}));
  RTML_TRY(schema.require(options.timestamp_column, entities.string()));
  request.types = entity_file_types(entities, programs, options);
  std::erase_if(request.types, [&](const auto& entry) { return !schema.find(entry.first); });
  RTML_TRY_ASSIGN(const auto reader, store->scan(request, {.cancel = &context.cancel}));
  RTML_TRY_ASSIGN(const std::vector<table::Batch> batches, table::read_all(*reader));
  const table::Batch rows = table::concatenate(reader->schema(), batches);
  RTML_TRY_ASSIGN(TrainingSet set,
                  join(rows, entities.string(), features, programs, options, sources, context));
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, {.features = features, .entities = entities},
                                              sources, context));
  return set;
}

}  // namespace rtml::dataset
