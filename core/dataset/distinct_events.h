// The input of ranges where ids may be there twice: events that are left out do not count.

#pragma once

#include "core/dataset/event_parts.h"
#include "core/dataset/input_hash.h"

namespace rtml::dataset {

// Adds the events of a view to `inputs`, each once: of those of an entity with one id the first in
// order. REQUIRES: events.finish().
Status add_distinct_events(const project::FeatureView& view, const feature::Program& program,
                           const EventParts& events, InputHashes& inputs,
                           const BuildContext& context);

}  // namespace rtml::dataset
