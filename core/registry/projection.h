// What an event means for the tables.
//
// Internal to core/registry. The same function runs when an event is appended and when the log is
// replayed, so a table can only hold what the log says. It reads nothing but the event.

#pragma once

#include "core/base/result.h"
#include "core/registry/connection.h"
#include "core/registry/records.h"

namespace rtml::registry {

// Applies `event` to the tables. Fails with kRegistryCorrupt if its kind is unknown or the tables
// do not take it (a number given twice).
Status project(Connection& connection, const Event& event);

}  // namespace rtml::registry
