#include "core/dataset/materialize.h"

#include <algorithm>

#include "core/dataset/event_rows.h"
#include "core/dataset/event_watch.h"
#include "core/dataset/feature_join.h"
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

// Everything that the rows of a materialization need until they are read.
struct Work {
  explicit Work(const BuildContext& context) : sources(context) {}
  SourceSet sources;
  Programs programs;
  std::unique_ptr<FeatureJoin> join;
};

// Rows that are events again, because an earlier row has their id; ascending.
Result<std::vector<std::int64_t>> repeated_rows(const project::Source& source, SourceSet& sources) {
  std::vector<std::string> columns = {source.timestamp.column, source.id};
  if (source.created) columns.push_back(source.created->column);
  RTML_TRY_ASSIGN(const auto reader, sources.scan(source, columns));
  RTML_TRY_ASSIGN(const std::vector<table::Batch> batches, table::read_all(*reader));
  const table::Batch rows = table::concatenate(reader->schema(), batches);
  RTML_TRY_ASSIGN(std::vector<std::int64_t> kept, event_rows(source, rows, source.batch->path));
  std::sort(kept.begin(), kept.end());
  std::vector<std::int64_t> repeated;
  auto next = kept.begin();
  for (std::int64_t row = 0; row < rows.rows(); ++row) {
    if (next != kept.end() && *next == row) {
      ++next;
    } else {
      repeated.push_back(row);
    }
  }
  return repeated;
}

// Which events of a batch ask for their features.
class EventChoice {
 public:
  EventChoice(const MaterializeOptions& options, std::span<const std::int64_t> repeated)
      : options_(options), repeated_(repeated) {}

  bool takes_all() const { return !options_.from_us && !options_.to_us && repeated_.empty(); }

  // A byte an event of the next batch; empty if all are taken.
  std::vector<std::uint8_t> mask_of(const table::Column& time) {
    if (takes_all()) return {};
    const auto times = time.values<std::int64_t>();
    std::vector<std::uint8_t> mask(times.size(), 1);
    for (std::size_t row = 0; row < times.size(); ++row) {
      const bool is_early = options_.from_us && times[row] < *options_.from_us;
      const bool is_late = options_.to_us && times[row] >= *options_.to_us;
      if (is_early || is_late) mask[row] = 0;
    }
    const std::int64_t end = first_row_ + std::ssize(times);
    for (; next_ < repeated_.size() && repeated_[next_] < end; ++next_) {
      mask[repeated_[next_] - first_row_] = 0;
    }
    first_row_ = end;
    return mask;
  }

 private:
  const MaterializeOptions& options_;
  std::span<const std::int64_t> repeated_;
  std::size_t next_ = 0;
  std::int64_t first_row_ = 0;
};

// Reads the source once into the join. Returns whether an id may be there twice.
Result<bool> read_events(const project::Source& source, const std::vector<std::string>& columns,
                         EventChoice choice, Work& work, const BuildContext& context) {
  const std::string& what = source.batch->path;
  RTML_TRY_ASSIGN(const auto reader, work.sources.scan(source));
  RTML_TRY_ASSIGN(const std::size_t time, reader->schema()->require(source.timestamp.column, what));
  EventWatch watch(source, what);
  std::int64_t rows = 0;
  context.progress.begin("read " + source.name, 0, "rows");
  // An empty source has columns too.
  std::optional<table::Batch> batch = table::concatenate(reader->schema(), {});
  while (batch) {
    RTML_TRY(context.cancel.check());
    RTML_TRY(watch.add(*batch));
    const std::vector<std::uint8_t> mask = choice.mask_of(batch->column(time));
    std::vector<std::int64_t> kept;
    for (std::size_t row = 0; row < mask.size(); ++row) {
      if (mask[row] != 0) kept.push_back(static_cast<std::int64_t>(row));
    }
    const table::Batch asking = mask.empty() ? *batch : batch->take(kept);
    RTML_TRY_ASSIGN(const table::Batch own,
                    select_columns(source, asking, columns, kEventTimestamp));
    RTML_TRY(work.join->add_events(*batch, own, mask));
    rows += batch->rows();
    context.progress.advance_to(rows);
    const std::int64_t began_us = context.monotonic_us();
    RTML_TRY_ASSIGN(batch, reader->next());
    work.join->add_read_time(context.monotonic_us() - began_us);
  }
  context.progress.end();
  return watch.may_repeat();
}

}  // namespace

Result<Materialized> materialize(std::span<const project::ServiceColumn> features,
                                 const MaterializeOptions& options, const BuildContext& context) {
  RTML_TRY_ASSIGN(const project::Source* source, only_source(features, context));
  const auto work = std::make_shared<Work>(context);
  RTML_TRY_ASSIGN(work->programs, compile_views(features, work->sources));
  const std::vector<std::string> columns = event_columns_of(*source, features, work->programs);
  RTML_TRY(work->sources.want(*source, columns));
  if (source->created) RTML_TRY(work->sources.want(*source, std::vector{source->created->column}));

  const std::int64_t began_us = context.monotonic_us();
  std::vector<std::int64_t> repeated;
  const auto read = [&]() -> Result<bool> {
    const EventChoice choice(options, repeated);
    work->join =
        std::make_unique<FeatureJoin>(std::vector(features.begin(), features.end()), work->programs,
                                      work->sources, context, source, !choice.takes_all());
    return read_events(*source, columns, choice, *work, context);
  };
  RTML_TRY_ASSIGN(const bool may_repeat, read());
  if (may_repeat) {
    RTML_TRY_ASSIGN(repeated, repeated_rows(*source, work->sources));
    if (!repeated.empty()) RTML_TRY(read());
  }
  work->join->add_compute_time(context.monotonic_us() - began_us - work->join->effort().read_us);
  RTML_TRY(work->join->compute());

  Materialized result;
  result.row_count = work->join->rows();
  result.duplicates = std::ssize(repeated);
  result.effort = [work] { return work->join->effort(); };
  result.rows = table::read_generated(work->join->schema(), [work] { return work->join->next(); });
  return result;
}

}  // namespace rtml::dataset
