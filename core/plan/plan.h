// What applying a project would change in the registry, and what that would break.
//
// A plan compares the sources, entities, feature views, on-demand views and feature services of a
// project with the definitions that plain names mean in a registry, by identity. Values; plan and
// apply within one transaction to be sure that nothing moved in between.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/project.h"
#include "core/registry/reader.h"
#include "core/registry/records.h"
#include "core/registry/transaction.h"

namespace rtml::plan {

enum class Action : std::uint8_t { kUnchanged, kNew, kChanged, kRetired };
std::string_view to_string(Action action);  // "unchanged", "new", "changed", "retired".

struct Step {
  std::string kind;  // "source", "entity", "feature_view", "on_demand_view", "feature_service".
  std::string name;
  Action action = Action::kUnchanged;
  std::string identity;  // Of the project's definition; empty if it is retired.
  Json content;
  std::string current;  // "terminal_risk@v2": what the plain name means now; empty if it is new.
  std::vector<std::string> changes;  // What differs: "feature risk_7d: window 7d -> 14d".
  std::vector<std::string> breaks;   // Who would be broken: a service or an alias with its feature.
};

struct Plan {
  std::vector<Step> steps;  // By kind in the order above, then by name.

  std::int64_t count(Action action) const;
  bool has_changes() const { return count(Action::kUnchanged) < std::ssize(steps); }
  std::vector<std::string> breaks() const;
};

// What a plan has to know about the registry.
struct Registered {
  std::vector<registry::Definition> current;  // What plain names mean.
  std::vector<registry::Definition> all;
  // Versions that an alias points to, each with "fraud@champion".
  std::vector<std::pair<std::string, registry::ModelVersion>> in_use;
};
Result<Registered> read_registered(const registry::Reader& reader);

// Compares. A service or an aliased version is broken if a feature that it uses goes or gets
// another type.
Plan make_plan(const project::Project& project, const Registered& registered);

// Carries out a plan that was made from the same transaction. Fails with kBreakingChange, saying
// who is broken, unless `allow_breaking`.
Status apply(const Plan& plan, bool allow_breaking, registry::Transaction& transaction);

}  // namespace rtml::plan
