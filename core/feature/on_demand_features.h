// The on-demand features of a selection: the programs that compute them and the features of views
// that these read. Training sets and online reads start from the same.
//
// Immutable; any number of threads may use it.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/feature/on_demand.h"
#include "core/project/project.h"

namespace rtml::feature {

struct OnDemandFeatures {
  // One feature asked for.
  struct Column {
    std::size_t program = 0;
    std::size_t output = 0;  // Of the program.
    std::string name;
  };

  // Fails with every error of the on-demand views at once, as OnDemandProgram::compile() does.
  static Result<OnDemandFeatures> make(const project::FeatureSelection& selection,
                                       const project::Project& project);

  // What to compute before: the selection's features of views, `selected` in number, then those
  // that programs read beside them, under names that no row can have.
  std::vector<project::ServiceColumn> features;
  std::size_t selected = 0;
  std::vector<OnDemandProgram> programs;
  std::vector<std::vector<std::size_t>> inputs;  // Of each program: places in `features`.
  std::vector<Column> columns;
};

}  // namespace rtml::feature
