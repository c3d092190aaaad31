// Findings as JUnit XML, the form that CI systems show as test results.

#pragma once

#include <string>
#include <string_view>

#include "cli/report.h"

namespace rtml::cli {

// One suite, named as the report or else as the command, with a case for each finding: a failure
// fails, a warning or note passes with its message, a skipped one is skipped.
std::string render_junit(const Report& report, std::string_view command);

}  // namespace rtml::cli
