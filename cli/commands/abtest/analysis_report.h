// The result of an experiment for people and programs.

#pragma once

#include <string>

#include "cli/report.h"
#include "core/experiment/analyze.h"

namespace rtml::cli::commands {

Report analysis_report(const experiment::Analysis& analysis, const experiment::Columns& columns,
                       const experiment::AnalysisOptions& options, const std::string& path);

}  // namespace rtml::cli::commands
