// The event that a request brings, as one view's program takes it. Internal to core/online.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/online/reader.h"
#include "core/table/value_memory.h"

namespace rtml::online {

// The source that an event is of, as a view reads it.
struct EventSource {
  const project::Source* source = nullptr;
  std::optional<std::size_t> part;  // Its place among the view's, where that has several.
  table::Schema schema;             // Its columns.
};

// Nothing if the view sees no such event: its source lacks one of the columns, or is not the one
// that the member "event_source" names, as it must where the view has several.
std::optional<EventSource> source_of(const ServedView& served, const Json& event);
// Why none of the views sees it.
Error no_source(std::span<const ServedView> views, const Json& event);

// Reads the event; its inputs go into `inputs`, what they point into is kept by `memory` or by the
// event. Fails with kBadOptionValue for a value that is not of its column's type.
Result<feature::Event> read_event(const Json& event, std::int64_t time_us, const ServedView& served,
                                  const EventSource& source, std::vector<table::Value>& inputs,
                                  table::ValueMemory& memory);

}  // namespace rtml::online
