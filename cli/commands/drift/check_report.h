// The result of a drift check for people and programs.

#pragma once

#include <string>

#include "cli/commands/drift/reference.h"
#include "cli/report.h"
#include "core/drift/check.h"

namespace rtml::cli::commands {

Report check_report(const drift::CheckResult& result, const drift::CheckOptions& options,
                    const Reference& reference, const std::string& input);

}  // namespace rtml::cli::commands
