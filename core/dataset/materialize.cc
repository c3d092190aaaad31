#include "core/dataset/materialize.h"

#include <algorithm>

#include "core/dataset/event_rows.h"
#include "core/dataset/join.h"

namespace rtml::dataset {
namespace {

Result<const project::Source*> only_source(Features features, const BuildContext& context) {
  const project::Source* source = &context.project.source_of(*features.front().view);
  for (const project::ServiceColumn& column : features) {
    if (column.view->source == source->name) continue;
    return fail(Error(ErrorCode::kUsage, "the views read several sources: " + source->name +
                                             " and " + column.view->source)
                    .with_help("materialize the views of each source by themselves"));
  }
  return source;
}

std::unique_ptr<table::BatchReader> read_in_slices(table::Batch rows, std::int64_t slice_rows) {
  auto schema = rows.shared_schema();
  return table::read_generated(std::move(schema),
                               [rows = std::move(rows), start = std::int64_t{0},
                                slice_rows]() mutable -> Result<std::optional<table::Batch>> {
                                 if (start >= rows.rows()) return std::nullopt;
                                 const std::int64_t count =
                                     std::min(slice_rows, rows.rows() - start);
                                 table::Batch slice = rows.slice(start, count);
                                 start += count;
                                 return slice;
                               });
}

}  // namespace

Result<Materialized> materialize(std::span<const project::ServiceColumn> features,
                                 const MaterializeOptions& options, const BuildContext& context) {
  RTML_TRY_ASSIGN(const project::Source* source, only_source(features, context));
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  const std::vector<std::string> columns = event_columns_of(*source, features, programs);
  RTML_TRY(sources.want(*source, columns));
  if (source->created) RTML_TRY(sources.want(*source, std::vector{source->created->column}));
  RTML_TRY_ASSIGN(const table::Batch events, sources.rows(*source));

  const std::string& what = source->batch->path;
  RTML_TRY_ASSIGN(std::vector<std::int64_t> kept, event_rows(*source, events, what));
  Materialized result;
  result.duplicates = events.rows() - static_cast<std::int64_t>(kept.size());
  RTML_TRY_ASSIGN(const std::size_t time, events.schema().require(source->timestamp.column, what));
  const auto times = events.column(time).values<std::int64_t>();
  std::erase_if(kept, [&](std::int64_t row) {
    return (options.from_us && times[row] < *options.from_us) ||
           (options.to_us && times[row] > *options.to_us);
  });
  std::sort(kept.begin(), kept.end());
  RTML_TRY_ASSIGN(const table::Batch rows,
                  select_rows(*source, events, columns, kept, kEventTimestamp));
  JoinCounts counts;
  RTML_TRY_ASSIGN(table::Batch joined,
                  join(rows, what, features, programs, kEventTimestamp, sources, context, &counts));
  result.row_count = joined.rows();
  result.events_without_key = counts.events_without_key;
  result.overflows = counts.overflows;
  result.rows = read_in_slices(std::move(joined), options.batch_rows);
  return result;
}

}  // namespace rtml::dataset
