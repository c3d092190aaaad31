#include "cli/session_parts.h"
#include "core/project/project.h"
#include "core/registry/registry.h"

namespace rtml::cli {
namespace {

// What the registry holds, for a project that names versions.
Result<std::vector<project::StoredDefinition>> read_stored(Session& session) {
  std::vector<project::StoredDefinition> stored;
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  if (!registry->exists()) return stored;
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  RTML_TRY_ASSIGN(std::vector<registry::Definition> definitions, reader.definitions());
  for (registry::Definition& definition : definitions) {
    stored.push_back({std::move(definition.kind), std::move(definition.name), definition.number,
                      std::move(definition.identity), std::move(definition.content),
                      definition.retired});
  }
  return stored;
}

}  // namespace

Result<const project::Project*> Session::project() {
  if (!parts_->project) {
    RTML_TRY_ASSIGN(const auto root, project_root());
    RTML_TRY_ASSIGN(auto loaded, project::Project::load(root, environment_,
                                                        [this] { return read_stored(*this); }));
    parts_->project = std::make_shared<project::Project>(std::move(loaded));
  }
  return parts_->project.get();
}

}  // namespace rtml::cli
