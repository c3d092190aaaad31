// Turns checked YAML documents into definitions.
//
// Each function wants a node that schema::validate() found no fault with, adds what a shape cannot
// say (a window's keys that do not go together, shares that do not add up) to `errors`, and returns
// the definition all the same, so that one run reports everything.

#pragma once

#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/project/definitions.h"
#include "core/yaml/node.h"

namespace rtml::project {

Settings read_settings(const yaml::Node& node);
Source read_source(const yaml::Node& node, std::vector<Error>& errors);
Entity read_entity(const yaml::Node& node);
FeatureView read_view(const yaml::Node& node, std::vector<Error>& errors);
// The source that a view written as in Feast brings along, named like the view; nothing if the view
// names a source.
std::optional<Source> read_own_source(const yaml::Node& node);
OnDemandView read_on_demand_view(const yaml::Node& node, std::vector<Error>& errors);
FeatureService read_service(const yaml::Node& node, std::vector<Error>& errors);
Pipeline read_pipeline(const yaml::Node& node, std::vector<Error>& errors);
DriftCheck read_drift_check(const yaml::Node& node);
Experiment read_experiment(const yaml::Node& node, std::vector<Error>& errors);

}  // namespace rtml::project
