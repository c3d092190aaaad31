#include "core/online/drop_view.h"

#include <string>
#include <vector>

#include "core/online/layout.h"
#include "core/online/records.h"

namespace rtml::online {
namespace {

// A transaction holds other writers up.
constexpr std::int64_t kGroups = 4'096;

// The groups of a view version, what readers look for first.
std::vector<std::string> prefixes_of(std::string_view view_identity) {
  std::vector<std::string> prefixes = {view_group(view_identity), states_prefix(view_identity),
                                       positions_prefix(view_identity),
                                       plans_prefix(view_identity)};
  for (const RecordKind kind :
       {RecordKind::kLate, RecordKind::kDeadLetter, RecordKind::kReplayed, RecordKind::kRunFacts}) {
    prefixes.push_back(records_prefix(view_identity, kind));
  }
  return prefixes;
}

}  // namespace

Result<DroppedView> drop_view(std::string_view view_identity, bool dry_run, std::uint64_t epoch,
                              plugin::OnlineStore& store, const plugin::CallOptions& call) {
  const std::string scope = "drop/" + std::string(view_identity);
  DroppedView dropped;
  for (const std::string& prefix : prefixes_of(view_identity)) {
    std::string after;
    while (true) {
      RTML_TRY_ASSIGN(const std::vector<std::string> groups,
                      store.list(prefix, after, kGroups, call));
      if (groups.empty()) break;
      dropped.groups += std::ssize(groups);
      after = groups.back();
      if (dry_run) continue;
      RTML_TRY_ASSIGN(const auto transaction, store.begin(scope, epoch, call));
      for (const std::string& group : groups) RTML_TRY(transaction->remove_group(group));
      RTML_TRY(transaction->commit());
    }
  }
  return dropped;
}

}  // namespace rtml::online
