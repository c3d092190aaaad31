// The shapes of the kinds, each defined beside the shapes that it is made of. Internal to
// core/schema.

#pragma once

#include "core/schema/shape.h"

namespace rtml::schema {

// kinds_features.cc
extern const Shape kSourceShape;
extern const Shape kEntityShape;
extern const Shape kViewShape;
extern const Shape kOnDemandViewShape;
extern const Shape kServiceShape;
// kinds_models.cc
extern const Shape kPipelineShape;
extern const Shape kDriftShape;
extern const Shape kExperimentShape;

}  // namespace rtml::schema
