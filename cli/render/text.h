// Reports and errors for people.

#pragma once

#include <string>

#include "cli/render/style.h"
#include "cli/report.h"
#include "core/base/error.h"

namespace rtml::cli {

// Returns the sections of a report. Tables are aligned on a terminal; elsewhere their cells are
// separated by tabs, one record a line, nothing cut.
std::string render_text(const std::vector<Section>& sections, const Style& style);

// Returns "file:line:col: error[RT0104]: message", the line with a caret under the place, and the
// help. The parts of several errors follow each other, the most important last; beyond 20 the
// first ones are counted, not shown.
std::string render_error(const Error& error, const Style& style);

}  // namespace rtml::cli
