#include "cli/build_inputs.h"

#include <algorithm>
#include <set>

#include "cli/version.h"
#include "core/base/parallel.h"
#include "core/dataset/source_table.h"
#include "core/project/identity.h"

namespace rtml::cli {

Result<BuildInputs> make_build_inputs(Session& session, bool with_lineage) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  BuildInputs inputs;
  inputs.context = std::make_unique<dataset::BuildContext>(
      dataset::BuildContext{*project, *plugins, session.progress(), session.cancel()});
  inputs.context->threads = available_processors();
  inputs.context->clock = &session.clock();
  inputs.context->rtml_version = version_number();
  if (with_lineage) {
    RTML_TRY_ASSIGN(inputs.lineage, lineage::describe(project->root(), session.environment()));
  }
  return inputs;
}

namespace {

Status check_one_is_given(const Arguments& arguments) {
  if (arguments.has("VIEW") != arguments.has("--service")) return {};
  return fail(Error(ErrorCode::kUsage, "give either a view or --service")
                  .with_help("\"rtml feature list\" shows views and services"));
}

}  // namespace

Result<std::vector<project::ServiceColumn>> features_asked_for(const Arguments& arguments,
                                                               const project::Project& project) {
  RTML_TRY(check_one_is_given(arguments));
  if (arguments.has("--service")) {
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    project.find_service(arguments.text("--service")));
    return project.columns_of(*service);
  }
  const std::vector<std::string> references = {arguments.text("VIEW")};
  return project.resolve_features(references, false);
}

Result<project::FeatureSelection> selection_asked_for(const Arguments& arguments,
                                                      const project::Project& project) {
  RTML_TRY(check_one_is_given(arguments));
  if (arguments.has("--service")) {
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    project.find_service(arguments.text("--service")));
    return project.selection_of(*service);
  }
  const std::vector<std::string> references = {arguments.text("VIEW")};
  return project.select_features(references, false);
}

Json views_json(const std::vector<project::ServiceColumn>& features,
                const project::Project& project) {
  Json views = Json::array();
  std::set<std::string> named;
  for (const project::ServiceColumn& column : features) {
    if (!named.insert(column.view->name).second) continue;
    views.push_back(
        {{"name", column.view->name}, {"identity", project::identity(project, *column.view)}});
  }
  return views;
}

Status check_output_is_not_of(const std::filesystem::path& output, const project::Source& source,
                              const project::Project& project) {
  if (!source.batch) return {};
  for (const auto& file : dataset::files_of(project.root() / source.batch->path)) {
    std::error_code ignored;
    if (!std::filesystem::equivalent(file, output, ignored)) continue;
    return fail(Error(ErrorCode::kUsage, "the output would replace the data of source " +
                                             source.name + ": " + output.string())
                    .with_help("write to another file"));
  }
  return {};
}

Status check_output_is_no_source(const std::filesystem::path& output,
                                 const std::vector<project::ServiceColumn>& features,
                                 const project::Project& project) {
  for (const project::ServiceColumn& column : features) {
    for (const project::Source* source : project.sources_of(*column.view)) {
      RTML_TRY(check_output_is_not_of(output, *source, project));
    }
  }
  return {};
}

}  // namespace rtml::cli
