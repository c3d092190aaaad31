#include "core/dataset/events.h"

#include <functional>

#include "core/dataset/entity_index.h"

namespace rtml::dataset {
namespace {

Result<EventTimes> times_of(const project::Source& source, const table::Batch& rows,
                            std::string_view what) {
  EventTimes times;
  RTML_TRY_ASSIGN(const std::size_t time_index,
                  rows.schema().require(source.timestamp.column, what));
  const table::Column& time = rows.column(time_index);
  if (time.null_count() > 0) {
    std::int64_t row = 0;
    while (!time.is_null(row)) ++row;
    return fail(Error(ErrorCode::kDataBadTimestamp,
                      std::string(what) + ": an event has no time in column " +
                          source.timestamp.column + ": row " + std::to_string(row + 1))
                    .with_help("every event needs a time; leave such rows out of the source"));
  }
  const auto values = time.values<std::int64_t>();
  times.time_us.assign(values.begin(), values.end());
  if (source.created) {
    RTML_TRY_ASSIGN(const std::size_t index, rows.schema().require(source.created->column, what));
    const table::Column& created = rows.column(index);
    times.created_us.reserve(times.time_us.size());
    for (std::int64_t row = 0; row < created.length(); ++row) {
      times.created_us.push_back(created.is_null(row) ? kNoCreation
                                                      : created.values<std::int64_t>()[row]);
    }
  }
  if (!source.id.empty()) {
    RTML_TRY_ASSIGN(const std::size_t index, rows.schema().require(source.id, what));
    RTML_TRY(key_kind(rows.schema().field(index).type,
                      std::string(what) + ": the id column " + source.id));
    times.id = rows.column(index);
  }
  return times;
}

// Leaves out of `order` all but the first event of each id.
std::vector<std::int64_t> without_duplicates(const std::vector<std::int64_t>& order,
                                             const table::Column& id) {
  const std::vector columns = {id};
  EntityIndex index({key_kind(id.type(), "id").value()});
  const std::vector<std::int32_t> numbers = index.add(columns, id.length());
  if (static_cast<std::int64_t>(index.size()) + id.null_count() == id.length()) return order;
  std::vector<bool> seen(static_cast<std::size_t>(index.size()));
  std::vector<std::int64_t> kept;
  kept.reserve(order.size());
  for (const std::int64_t row : order) {
    const std::int32_t number = numbers[row];
    if (number != EntityIndex::kNone) {
      if (seen[number]) continue;
      seen[number] = true;
    }
    kept.push_back(row);
  }
  return kept;
}

// Orders events; `whole_rows` gives every column, where two events differ in nothing else.
Result<Events> arrange(const table::Batch& rows, EventTimes times,
                       const std::function<Result<table::Batch>()>& whole_rows) {
  Events events;
  events.rows = rows;
  events.order = event_order(times);
  if (has_ties(times, events.order)) {
    RTML_TRY_ASSIGN(const table::Batch whole, whole_rows());
    times.row_bytes = canonical_row_bytes(whole);
    events.order = event_order(times);
  }
  if (times.id) events.order = without_duplicates(events.order, *times.id);
  events.duplicates = rows.rows() - static_cast<std::int64_t>(events.order.size());
  events.times = std::move(times);
  return events;
}

Result<table::Batch> read_columns(const SourceTable& table, const std::vector<std::string>& columns,
                                  std::string_view activity, const BuildContext& context) {
  RTML_TRY_ASSIGN(const auto reader, table.scan(columns));
  std::vector<table::Batch> batches;
  std::int64_t rows = 0;
  context.progress.begin(activity, 0, "rows");
  while (true) {
    RTML_TRY(context.cancel.check());
    RTML_TRY_ASSIGN(std::optional<table::Batch> batch, reader->next());
    if (!batch) break;
    rows += batch->rows();
    context.progress.advance_to(rows);
    batches.push_back(std::move(*batch));
  }
  context.progress.end();
  return table::concatenate(reader->schema(), batches);
}

}  // namespace

Result<Events> read_events(const SourceTable& table, const std::set<std::string>& columns,
                           std::string_view activity, const BuildContext& context) {
  const project::Source& source = table.source();
  std::set<std::string> wanted = columns;
  wanted.insert(source.timestamp.column);
  if (source.created) wanted.insert(source.created->column);
  if (!source.id.empty()) wanted.insert(source.id);
  RTML_TRY_ASSIGN(const table::Batch rows,
                  read_columns(table, {wanted.begin(), wanted.end()}, activity, context));
  RTML_TRY_ASSIGN(EventTimes times, times_of(source, rows, table.label()));
  // The bytes of a row are those of every column, so that the order is the same whichever columns
  // are wanted.
  return arrange(rows, std::move(times),
                 [&] { return read_columns(table, table.schema()->names(), activity, context); });
}

Result<Events> order_events(const project::Source& source, table::Batch rows,
                            std::string_view what) {
  RTML_TRY_ASSIGN(EventTimes times, times_of(source, rows, what));
  return arrange(rows, std::move(times), [&]() -> Result<table::Batch> { return rows; });
}

}  // namespace rtml::dataset
