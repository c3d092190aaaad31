// Findings as SARIF 2.1.0, the form that code scanning shows beside the lines they are about.

#pragma once

#include <string>

#include "cli/report.h"

namespace rtml::cli {

// https://docs.oasis-open.org/sarif/sarif/v2.1.0/. Passes and skipped ones are left out.
std::string render_sarif(const Report& report);

}  // namespace rtml::cli
