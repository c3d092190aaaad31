// Retiring a version of a feature view, on-demand view or feature service: which one, and who still
// uses it. Values.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/plan/plan.h"
#include "core/registry/records.h"
#include "core/registry/transaction.h"

namespace rtml::plan {

struct Retirement {
  registry::Definition definition;
  // Services and on-demand views that are not retired, and models behind an alias.
  std::vector<std::string> users;  // "service fraud@v2", "model fraud@champion".
};

// Finds what is to be retired: "name" is the version that the plain name means, or "name@v2". Fails
// with kRegistryNotFound, naming the versions there are.
Result<Retirement> plan_retirement(std::string_view reference, const Registered& registered);

// Carries it out. Fails with kBreakingChange, saying who uses it, unless `allow_breaking`.
Status retire(const Retirement& retirement, bool allow_breaking,
              registry::Transaction& transaction);

}  // namespace rtml::plan
