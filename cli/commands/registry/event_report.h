// How commands show events of the registry's log.

#pragma once

#include <vector>

#include "cli/command.h"
#include "cli/report.h"
#include "core/registry/records.h"

namespace rtml::cli {

// What the event changed, in a few words: "fraud@3 from fraud-3", "champion 2 -> 3".
std::string event_text(const registry::Event& event);

// Adds a row for each event, in the given order, under "events".
void add_events(Report& report, const std::vector<registry::Event>& events);

// Fails with kBadOptionValue if --limit is given and less than 1.
Status check_limit(const Arguments& arguments);

}  // namespace rtml::cli
