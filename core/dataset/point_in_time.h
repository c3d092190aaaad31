// The order of events, and the point-in-time join: which event a request at a moment sees.
//
// Events are ordered by (event time, created, null lowest; id, or without one the canonical bytes
// of the row). Where they stand in a file never counts. Plain functions over arrays; safe from any
// thread.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/table/batch.h"

namespace rtml::dataset {

// Stands for a null `created`: it ranks below every moment.
inline constexpr std::int64_t kNoCreation = std::numeric_limits<std::int64_t>::min();

// What the order of events is made of, one entry a row. `created_us` and `row_bytes` may be empty:
// then no event has one.
struct EventTimes {
  std::vector<std::int64_t> time_us;
  std::vector<std::int64_t> created_us;  // kNoCreation for null.
  // Compared where time and created are equal: the id, an integer or a text.
  std::optional<table::Column> id;
  // The canonical bytes of each row. Needed only where has_ties().
  std::vector<std::string> row_bytes;
};

// Returns the rows in event order.
std::vector<std::int64_t> event_order(const EventTimes& events);

// Whether two events next to each other in `order` differ in nothing that `events` knows, so that
// their order needs the rows' bytes.
bool has_ties(const EventTimes& events, std::span<const std::int64_t> order);

// Returns for each row the canonical bytes by which events without an id are ordered: the columns
// in the order of their names, each value after a byte that says whether it is there. Equal rows
// give equal bytes whatever the order of the columns in their file.
std::vector<std::string> canonical_row_bytes(const table::Batch& rows);

// Events of each entity in event order: entity e has the positions starts[e] to starts[e + 1].
struct EventGroups {
  std::vector<std::int64_t> rows;    // The row of each position.
  std::vector<std::int64_t> starts;  // One more than there are entities.
};

// Groups `order` by entity, keeping the order within each. Rows whose entity is -1 are left out.
EventGroups group_by_entity(std::span<const std::int64_t> order,
                            std::span<const std::int32_t> entities, std::int32_t entity_count);

struct JoinOptions {
  std::int64_t ttl_us = 0;     // 0: for ever.
  bool as_of_created = false;  // Sees only events created at or before the request.
};

// Returns for each request the row of the event it sees, or -1. Among the events of its entity with
// t - ttl <= event time <= t, both closed, the last in event order is seen; with `as_of_created`
// also created <= t, and events without a created are not seen.
// REQUIRES: entities of requests are -1 or numbers of `groups`.
std::vector<std::int64_t> point_in_time_rows(const EventTimes& events, const EventGroups& groups,
                                             std::span<const std::int32_t> request_entities,
                                             std::span<const std::int64_t> request_times_us,
                                             const JoinOptions& options);

}  // namespace rtml::dataset
