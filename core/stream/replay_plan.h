// What a replay is about to apply, where the store does not commit atomically.
//
// There a kill may leave the state of one event written and the origin of another not. So the
// letters of a batch are stored first, in one group, with the offsets that they will have in the
// part: whoever replays next applies the same bytes at the same offsets before anything else, and
// what the entities have already is passed over.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/online/layout.h"
#include "core/plugin/backends.h"

namespace rtml::stream {

struct ReplayPlan {
  std::int64_t first_offset = 0;   // Of the first letter; the others follow it one by one.
  std::vector<std::string> lines;  // The letters, as to_line() writes them.
};

// Stores the plan of a part in place of an earlier one.
Status write_plan(const ReplayPlan& plan, const online::PartName& part, std::uint64_t epoch,
                  plugin::OnlineStore& store, const plugin::CallOptions& call);

// The plan of a part, fenced against writers with a lower epoch; nothing if there never was one.
// Fails with kDataCorrupt.
Result<std::optional<ReplayPlan>> read_plan(const online::PartName& part, std::uint64_t epoch,
                                            plugin::OnlineStore& store,
                                            const plugin::CallOptions& call);

}  // namespace rtml::stream
