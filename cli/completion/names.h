// The names that completion offers: of the tables, the project, the registry and the plugins.

#pragma once

#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/completion/complete.h"
#include "cli/session.h"

namespace rtml::cli {

// Returns every name of the kind. For a model version, `typed` decides: models before the "@",
// versions and aliases of that model behind it. What cannot be read offers nothing.
std::vector<Candidate> names_for(Completion kind, std::string_view typed, Session& session);

}  // namespace rtml::cli
