#include "core/dataset/distinct_events.h"

#include <vector>

#include "core/dataset/event_layout.h"

namespace rtml::dataset {
namespace {

// The events without those that the sweep leaves out.
Result<feature::EventColumns> distinct(const feature::Program& program,
                                       const feature::EventColumns& events,
                                       const BuildContext& context) {
  feature::ReadColumns none;
  for (const table::Column& key : events.keys) none.keys.push_back(key.slice(0, 0));
  none.time = events.time.slice(0, 0);
  RTML_TRY_ASSIGN(const feature::SweepResult swept,
                  feature::sweep(program, events, none, {.cancel = &context.cancel}));
  if (swept.duplicates.empty()) return events;
  std::vector<std::int64_t> kept;
  auto left_out = swept.duplicates.begin();
  for (std::int64_t row = 0; row < events.rows; ++row) {
    if (left_out != swept.duplicates.end() && *left_out == row) {
      ++left_out;
    } else {
      kept.push_back(row);
    }
  }
  std::vector<table::Column> columns = columns_of(events);
  for (table::Column& column : columns) column = column.take(kept);
  return events_of(program, columns);
}

}  // namespace

Status add_distinct_events(const project::FeatureView& view, const feature::Program& program,
                           const EventParts& events, InputHashes& inputs,
                           const BuildContext& context) {
  for (std::size_t part = 0; part < events.size(); ++part) {
    RTML_TRY_ASSIGN(const feature::EventColumns loaded, events.load(part));
    RTML_TRY_ASSIGN(const feature::EventColumns kept, distinct(program, loaded, context));
    RTML_TRY(inputs.add(view, kept));
  }
  return {};
}

}  // namespace rtml::dataset
