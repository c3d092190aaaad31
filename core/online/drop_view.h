// Removing all that an online store keeps of a view version.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/plugin/backends.h"

namespace rtml::online {

struct DroppedView {
  std::int64_t groups = 0;  // Entities, positions, letters, what is known of the view.
};

// Removes the view version from what readers find, then its groups, in transactions of a bounded
// size. One that ends early leaves groups that nobody finds; the next call removes them. Nothing is
// removed with `dry_run`, only counted. `epoch` is the time in microseconds. REQUIRES: no stream
// writes the version any more.
Result<DroppedView> drop_view(std::string_view view_identity, bool dry_run, std::uint64_t epoch,
                              plugin::OnlineStore& store, const plugin::CallOptions& call);

}  // namespace rtml::online
