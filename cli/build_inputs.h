// What commands that compute features hand to core/dataset, from a session.

#pragma once

#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"
#include "core/dataset/training_set.h"
#include "core/lineage/lineage.h"
#include "core/project/project.h"

namespace rtml::cli {

// Keeps what the context points to.
struct BuildInputs {
  lineage::Lineage lineage;
  std::unique_ptr<dataset::BuildContext> context;
};

// Opens project and plugins. With `with_lineage` the repository is described, for manifests.
Result<BuildInputs> make_build_inputs(Session& session, bool with_lineage);

// The features that VIEW (as Project::resolve_features() reads it) or --service names, exactly one
// of them. Fails with kUsage or kUnknownReference.
Result<std::vector<project::ServiceColumn>> features_asked_for(const Arguments& arguments,
                                                               const project::Project& project);

// The same with features of on-demand views, for commands that have a request to compute them from.
Result<project::FeatureSelection> selection_asked_for(const Arguments& arguments,
                                                      const project::Project& project);

// The identities of the views behind features, as reports show them: [{"name", "identity"}].
Json views_json(const std::vector<project::ServiceColumn>& features,
                const project::Project& project);

// Fails with kUsage if `output` is one of the files that `features` are computed from.
Status check_output_is_no_source(const std::filesystem::path& output,
                                 const std::vector<project::ServiceColumn>& features,
                                 const project::Project& project);
// The same of the files of a source's batch table.
Status check_output_is_not_of(const std::filesystem::path& output, const project::Source& source,
                              const project::Project& project);

}  // namespace rtml::cli
