// Whether the sources of a view have what every view needs of them. Internal to core/feature.

#pragma once

#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/feature/visible_columns.h"
#include "core/project/definitions.h"
#include "core/table/types.h"

namespace rtml::feature {

// Checks time, created, id and keys of a view over events with `schema`. Returns every error.
std::vector<Error> check_source(const project::FeatureView& view, const project::Source& source,
                                std::span<const project::EntityKey> keys,
                                const table::Schema& schema, const VisibleColumns& visible);

// The type that a key column is kept with: integers of any width are one key.
table::DataType key_type(table::DataType type);

}  // namespace rtml::feature
