#include "cli/completion/names.h"

#include <set>
#include <string>

#include "cli/command_table.h"
#include "core/config/key_table.h"
#include "core/plugin/host.h"
#include "core/project/project.h"
#include "core/registry/registry.h"

namespace rtml::cli {
namespace {

// The definitions of the project that `select` picks.
template <typename Select>
std::vector<Candidate> definitions(Session& session, Select select) {
  std::vector<Candidate> found;
  const auto project = session.project();
  if (!project) return found;
  for (const auto& definition : select(**project)) {
    found.push_back({definition.name, definition.notes.description});
  }
  return found;
}

Result<registry::Reader> read_registry(Session& session) {
  RTML_TRY_ASSIGN(registry::Registry * opened, session.registry());
  return opened->read();
}

std::vector<Candidate> models(Session& session) {
  std::vector<Candidate> found;
  const auto reader = read_registry(session);
  if (!reader) return found;
  const auto summaries = reader->models();
  if (!summaries) return found;
  for (const auto& model : *summaries) {
    found.push_back({model.name, std::to_string(model.version_count) + " versions"});
  }
  return found;
}

std::vector<Candidate> aliases(Session& session, std::string_view model) {
  std::vector<Candidate> found;
  const auto reader = read_registry(session);
  if (!reader) return found;
  const auto all = reader->aliases(model);
  if (!all) return found;
  std::set<std::string> seen;
  for (const auto& alias : *all) {
    if (seen.insert(alias.name).second) found.push_back({alias.name, ""});
  }
  return found;
}

std::vector<Candidate> model_versions(Session& session, std::string_view typed) {
  const std::size_t at = typed.find('@');
  if (at == std::string_view::npos) return models(session);
  const std::string model(typed.substr(0, at));
  std::vector<Candidate> found;
  const auto reader = read_registry(session);
  if (!reader) return found;
  if (const auto named = reader->aliases(model)) {
    for (const auto& alias : *named) {
      found.push_back({model + "@" + alias.name, "version " + std::to_string(alias.number)});
    }
  }
  if (const auto versions = reader->versions(model)) {
    for (const auto& version : *versions) {
      found.push_back({model + "@" + std::to_string(version.number), ""});
    }
  }
  return found;
}

// The versions of views or services in the registry, once an @ is typed.
std::vector<Candidate> definition_versions(Session& session,
                                           std::initializer_list<std::string_view> kinds) {
  std::vector<Candidate> found;
  const auto reader = read_registry(session);
  if (!reader) return found;
  for (const std::string_view kind : kinds) {
    const auto definitions = reader->definitions(kind);
    if (!definitions) continue;
    for (const auto& definition : *definitions) {
      if (!definition.retired) found.push_back({definition.label(), ""});
    }
  }
  return found;
}

std::vector<Candidate> plugins(Session& session) {
  std::vector<Candidate> found;
  const auto host = session.plugins();
  if (!host) return found;
  const auto all = (*host)->list();
  if (!all) return found;
  for (const auto& plugin : *all) found.push_back({plugin.name, plugin.description});
  return found;
}

std::vector<Candidate> command_names() {
  std::vector<Candidate> found;
  for (const CommandSpec* command : command_table()) {
    found.push_back({std::string(command->path), std::string(command->summary)});
  }
  return found;
}

std::vector<Candidate> config_keys() {
  std::vector<Candidate> found;
  for (const auto& key : config::key_table()) {
    found.push_back({std::string(key.name), std::string(key.help)});
  }
  return found;
}

}  // namespace

std::vector<Candidate> names_for(Completion kind, std::string_view typed, Session& session) {
  using project::Project;
  switch (kind) {
    case Completion::kModel:
      return models(session);
    case Completion::kModelVersion:
      return model_versions(session, typed);
    case Completion::kAlias:
      return aliases(session, "");
    case Completion::kView:
      if (project::names_version(typed)) {
        return definition_versions(session, {"feature_view", "on_demand_view", "feature_service"});
      }
      return definitions(session, [](const Project& project) { return project.views(); });
    case Completion::kService:
      if (project::names_version(typed)) return definition_versions(session, {"feature_service"});
      return definitions(session, [](const Project& project) { return project.services(); });
    case Completion::kSource:
      return definitions(session, [](const Project& project) { return project.sources(); });
    case Completion::kPipeline:
      return definitions(session, [](const Project& project) { return project.pipelines(); });
    case Completion::kDriftCheck:
      return definitions(session, [](const Project& project) { return project.drift_checks(); });
    case Completion::kExperiment:
      return definitions(session, [](const Project& project) { return project.experiments(); });
    case Completion::kPlugin:
      return plugins(session);
    case Completion::kConfigKey:
      return config_keys();
    case Completion::kCommand:
      return command_names();
    case Completion::kNone:
    case Completion::kPath:
    case Completion::kDirectory:
    case Completion::kChoice:
      break;
  }
  return {};
}

}  // namespace rtml::cli
