#include "core/dataset/training_set.h"

#include <algorithm>
#include <map>

#include "core/base/time.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/event_rows.h"
#include "core/dataset/feature_join.h"
#include "core/dataset/join.h"
#include "core/dataset/manifest.h"
#include "core/dataset/on_demand_join.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

TrainingSet training_set_of(table::Batch rows, const OnDemandJoin& features,
                            const BuildOptions& options) {
  TrainingSet set;
  set.row_count = rows.rows();
  set.rows = std::move(rows);
  set.feature_columns = features.feature_columns();
  set.timestamp_column = options.timestamp_column;
  return set;
}

// Fails if a feature sees values of the label column that are not mature at the row's time.
Status check_leaks(const project::LabelSpec& labels, Features features, const Programs& programs) {
  std::vector<Error> errors;
  for (const project::ServiceColumn& column : features) {
    if (!column.view->reads_source(labels.source)) continue;
    const feature::Program& program = programs.at(column.view);
    const std::size_t output = output_index(program, column.feature->name);
    for (const feature::Dependency& dependency : program.outputs[output].dependencies) {
      if (dependency.column != labels.column || dependency.least_delay_us >= labels.maturity_us) {
        continue;
      }
      if (!dependency.source.empty() && dependency.source != labels.source) continue;
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

// Fails if a request would bring the label.
Status check_requests(const project::LabelSpec& labels, const OnDemandJoin& features) {
  const std::vector<std::string> columns = features.request_columns();
  if (std::find(columns.begin(), columns.end(), labels.column) == columns.end()) return {};
  return fail(
      Error(ErrorCode::kLabelLeak,
            "an on-demand feature would know the label, a column of its request: " + labels.column)
          .at(labels.location)
          .with_help("a request comes before its label is known"));
}

struct LabelRows {
  table::Batch rows;  // Until they are in the join.
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
    if (options.to_us && times[row] >= *options.to_us) continue;
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
  RTML_TRY_ASSIGN(result.rows,
                  select_rows(source, events, columns, kept, options.timestamp_column));
  return result;
}

// Types for reading an entity file: its moments, and in text files its keys, whose type there is
// only a guess of the reader.
std::map<std::string, table::DataType> entity_file_types(const std::filesystem::path& path,
                                                         const Programs& programs,
                                                         const OnDemandJoin& features,
                                                         const BuildOptions& options) {
  std::map<std::string, table::DataType> types;
  types[options.timestamp_column] = {table::Kind::kTimestamp, false};
  if (path.extension() == ".parquet") return types;
  for (const auto& [view, program] : programs) {
    for (const table::Field& key : program.keys) types.emplace(key.name, key.type);
  }
  features.add_request_types(types);
  return types;
}

// Reads the rows that ask out of an entity file.
Status read_entities(plugin::TableStore& store, const plugin::ScanRequest& request,
                     const BuildOptions& options, FeatureJoin& joined,
                     const BuildContext& context) {
  RTML_TRY_ASSIGN(const auto reader, store.scan(request, {.cancel = &context.cancel}));
  std::int64_t rows = 0;
  context.progress.begin("read " + request.path, 0, "rows");
  // A file without rows has columns too.
  std::optional<table::Batch> batch = table::concatenate(reader->schema(), {});
  while (batch) {
    RTML_TRY(context.cancel.check());
    const std::int64_t added_us = context.monotonic_us();
    RTML_TRY(joined.add_rows(*batch, request.path, options.timestamp_column));
    rows += batch->rows();
    context.progress.advance_to(rows);
    const std::int64_t began_us = context.monotonic_us();
    joined.add_compute_time(began_us - added_us);
    RTML_TRY_ASSIGN(batch, reader->next());
    joined.add_read_time(context.monotonic_us() - began_us);
  }
  context.progress.end();
  return {};
}

// Takes the rows out of the join: into memory, or to where `options` say. `what` says whose rows
// they are.
Result<TrainingSet> finish_rows(FeatureJoin& joined, const OnDemandJoin& features,
                                const std::string& what, const BuildOptions& options,
                                const BuildContext& context, ManifestParts* parts) {
  // Of no rows, so that what they lack is told before anything is computed.
  RTML_TRY_ASSIGN(const table::Batch none, features.apply(table::concatenate(joined.schema(), {}),
                                                          what, options.timestamp_column));
  const std::shared_ptr<const table::Schema> schema = none.shared_schema();
  RTML_TRY(joined.compute());
  if (!options.write) {
    std::vector<table::Batch> batches;
    while (true) {
      RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, joined.next());
      if (!batch) break;
      RTML_TRY_ASSIGN(table::Batch whole, features.apply(*batch, what, options.timestamp_column));
      batches.push_back(std::move(whole));
    }
    return training_set_of(table::concatenate(schema, batches), features, options);
  }
  ContentHash hash(schema, context.threads);
  const auto rows = table::read_generated(schema, [&]() -> Result<std::optional<table::Batch>> {
    RTML_TRY_ASSIGN(std::optional<table::Batch> batch, joined.next());
    const std::int64_t began_us = context.monotonic_us();
    if (batch) {
      RTML_TRY_ASSIGN(*batch, features.apply(*batch, what, options.timestamp_column));
      hash.add(*batch);
    }
    joined.add_compute_time(context.monotonic_us() - began_us);
    return batch;
  });
  RTML_TRY(options.write(*rows));
  TrainingSet set = training_set_of(table::concatenate(schema, {}), features, options);
  set.row_count = joined.rows();
  set.is_written = true;
  parts->content_sha256 = hash.finish_hex();
  return set;
}

// Puts the rows of a label source into the join. Choosing them takes all of the source's times and
// labels; where memory is limited, no more of it than that is kept for the views to read.
Result<LabelRows> add_label_rows(const project::Source& source, const project::LabelSpec& labels,
                                 const std::vector<std::string>& columns, const std::string& what,
                                 const BuildOptions& options, SourceSet& sources,
                                 FeatureJoin& joined, const BuildContext& context) {
  const auto read = [&]() -> Result<table::Batch> {
    if (context.memory_limit_bytes <= 0) return sources.rows(source);
    std::vector<std::string> needed = columns;
    if (source.created) needed.push_back(source.created->column);
    RTML_TRY_ASSIGN(const SourceTable* const table, sources.open(source));
    return read_rows(*table, needed, context);
  };
  RTML_TRY_ASSIGN(const table::Batch events, read());
  RTML_TRY_ASSIGN(LabelRows rows, label_rows(source, labels, events, columns, options));
  for (std::int64_t start = 0; start < rows.rows.rows(); start += kBatchRows) {
    const std::int64_t count = std::min(kBatchRows, rows.rows.rows() - start);
    RTML_TRY(joined.add_rows(rows.rows.slice(start, count), what, options.timestamp_column));
  }
  rows.rows = {};
  return rows;
}

Result<OnDemandJoin> on_demand_join(Features features, const BuildOptions& options,
                                    const project::Project& project) {
  return OnDemandJoin::make(
      {{features.begin(), features.end()}, {options.on_demand.begin(), options.on_demand.end()}},
      project);
}

}  // namespace

Result<TrainingSet> build_training_set(const project::Pipeline& pipeline,
                                       const BuildOptions& options, const BuildContext& context) {
  project::LabelSpec labels = pipeline.dataset.labels;
  RTML_TRY_ASSIGN(const project::FeatureService* service,
                  context.project.find_service(pipeline.dataset.service));
  RTML_TRY_ASSIGN(const project::Source* source, context.project.find_source(labels.source));
  labels.source = source->name;  // Of a version too.
  const project::FeatureSelection selection = context.project.selection_of(*service);
  RTML_TRY_ASSIGN(const OnDemandJoin on_demand, OnDemandJoin::make(selection, context.project));
  const std::vector<project::ServiceColumn>& features = on_demand.features();
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  if (!options.allow_leak) {
    RTML_TRY(check_leaks(labels, features, programs));
    RTML_TRY(check_requests(labels, on_demand));
  }

  RTML_TRY(sources.open(*source));
  std::vector<std::string> columns = event_columns_of(*source, features, programs);
  std::vector<std::string> brought = on_demand.request_columns();
  brought.push_back(labels.column);
  for (std::string& column : brought) {
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
    columns.push_back(std::move(column));
  }
  RTML_TRY(sources.want(*source, columns));
  if (source->created) RTML_TRY(sources.want(*source, std::vector{source->created->column}));
  const std::string what = "source " + source->name;
  FeatureJoin joined(features, programs, sources, context, nullptr, false);
  RTML_TRY_ASSIGN(const LabelRows rows, add_label_rows(*source, labels, columns, what, options,
                                                       sources, joined, context));
  ManifestParts parts{
      .features = selection.features, .on_demand = selection.on_demand, .service = service};
  RTML_TRY_ASSIGN(TrainingSet set, finish_rows(joined, on_demand, what, options, context, &parts));
  set.effort = joined.effort();
  set.label_column = labels.column;
  parts.labels = {
      {"source", labels.source},       {"identity", project::identity(context.project, *source)},
      {"column", labels.column},       {"maturity", format_duration(labels.maturity_us)},
      {"duplicates", rows.duplicates}, {"without_label", rows.without_label},
      {"immature", rows.immature}};
  if (options.from_us) parts.labels["from_us"] = *options.from_us;
  if (options.to_us) parts.labels["to_us"] = *options.to_us;
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, parts, sources, context));
  return set;
}

Result<TrainingSet> add_features(const table::Batch& rows, std::string_view what,
                                 std::span<const project::ServiceColumn> features,
                                 const BuildOptions& options, const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const OnDemandJoin on_demand, on_demand_join(features, options, context.project));
  RTML_TRY_ASSIGN(const Programs programs, compile_views(on_demand.features(), sources));
  RTML_TRY_ASSIGN(table::Batch joined, join(rows, what, on_demand.features(), programs,
                                            options.timestamp_column, sources, context));
  RTML_TRY_ASSIGN(joined, on_demand.apply(joined, what, options.timestamp_column));
  TrainingSet set = training_set_of(std::move(joined), on_demand, options);
  const ManifestParts parts{.features = features, .on_demand = options.on_demand};
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, parts, sources, context));
  return set;
}

Result<TrainingSet> build_from_file(const std::filesystem::path& entities,
                                    std::span<const project::ServiceColumn> features,
                                    const BuildOptions& options, const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const OnDemandJoin on_demand, on_demand_join(features, options, context.project));
  RTML_TRY_ASSIGN(const Programs programs, compile_views(on_demand.features(), sources));
  RTML_TRY_ASSIGN(const auto store, context.plugins.table_store(plugin::kFileTables));
  plugin::ScanRequest request{.path = entities.string()};
  RTML_TRY_ASSIGN(const table::Schema schema, store->schema(request, {.cancel = &context.cancel}));
  RTML_TRY(schema.require(options.timestamp_column, entities.string()));
  request.types = entity_file_types(entities, programs, on_demand, options);
  std::erase_if(request.types, [&](const auto& entry) { return !schema.find(entry.first); });
  request.batch_rows = kBatchRows;
  FeatureJoin joined(on_demand.features(), programs, sources, context, nullptr, false);
  RTML_TRY(read_entities(*store, request, options, joined, context));
  ManifestParts parts{.features = features, .on_demand = options.on_demand, .entities = entities};
  RTML_TRY_ASSIGN(TrainingSet set,
                  finish_rows(joined, on_demand, entities.string(), options, context, &parts));
  set.effort = joined.effort();
  RTML_TRY_ASSIGN(set.manifest, make_manifest(set, parts, sources, context));
  return set;
}

}  // namespace rtml::dataset
