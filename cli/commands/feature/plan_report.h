// What `feature plan` and `feature apply` have in common: making a plan and showing it.

#pragma once

#include <string_view>

#include "cli/report.h"
#include "cli/session.h"
#include "core/base/result.h"
#include "core/plan/plan.h"

namespace rtml::cli::commands {

// Compiles the project's feature views, taking what cannot be checked into the report's warnings.
Status check_features(Session& session, Report& report);

// What the registry holds; nothing where it has not been made yet.
Result<plan::Registered> read_registered(Session& session);

// Adds the plan's steps and counts to the report; `verb` says what becomes of it: "plan".
void add_plan(Report& report, const plan::Plan& plan, std::string_view verb);

}  // namespace rtml::cli::commands
