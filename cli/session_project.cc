#include "cli/session_parts.h"
#include "core/project/project.h"

namespace rtml::cli {

Result<const project::Project*> Session::project() {
  if (!parts_->project) {
    RTML_TRY_ASSIGN(const auto root, project_root());
    RTML_TRY_ASSIGN(auto loaded, project::Project::load(root, environment_));
    parts_->project = std::make_shared<project::Project>(std::move(loaded));
  }
  return parts_->project.get();
}

}  // namespace rtml::cli
