#include "core/feature/on_demand_features.h"

#include <algorithm>
#include <utility>

namespace rtml::feature {
namespace {

// Where a feature stands among columns; it is put at their end if it is not there.
std::size_t place_of(std::vector<project::ServiceColumn>& features,
                     const project::ServiceColumn& wanted) {
  const auto found = std::find_if(features.begin(), features.end(), [&](const auto& column) {
    return column.view == wanted.view && column.feature == wanted.feature;
  });
  const auto place = static_cast<std::size_t>(found - features.begin());
  if (found == features.end()) {
    // No feature's name begins like this. The view's is that of its version, so that inputs of
    // several versions stay apart whatever their views call them.
    features.push_back(
        {wanted.view, wanted.feature, "__" + wanted.view->name + "__" + wanted.feature->name});
  }
  return place;
}

}  // namespace

Result<OnDemandFeatures> OnDemandFeatures::make(const project::FeatureSelection& selection,
                                                const project::Project& project) {
  OnDemandFeatures made;
  made.features = selection.features;
  made.selected = selection.features.size();
  std::vector<const project::OnDemandView*> views;
  std::vector<Error> errors;
  for (const project::OnDemandColumn& column : selection.on_demand) {
    const auto known = std::find(views.begin(), views.end(), column.view);
    const auto index = static_cast<std::size_t>(known - views.begin());
    if (known == views.end()) {
      views.push_back(column.view);
      auto program = OnDemandProgram::compile(*column.view, project.inputs_of(*column.view));
      if (!program) {
        errors.push_back(std::move(program).error());
        continue;
      }
      std::vector<std::size_t> inputs;
      for (const project::ServiceColumn& input : program->inputs()) {
        inputs.push_back(place_of(made.features, input));
      }
      made.inputs.push_back(std::move(inputs));
      made.programs.push_back(std::move(*program));
    }
    const auto feature = static_cast<std::size_t>(column.feature - column.view->features.data());
    made.columns.push_back({index, feature, column.name});
  }
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  return made;
}

}  // namespace rtml::feature
