// Which rows of a source are events: each event once, in order of time.

#pragma once

#include <cstdint>
#include <vector>

#include "core/project/definitions.h"
#include "core/table/batch.h"

namespace rtml::dataset {

// Returns the rows of a source's batch ordered by (event time, created, null lowest; id; row). Of
// rows with one id the first in this order is there; rows without an id are all different. The
// batch must have the source's timestamp, created and id. Fails with kDataBadTimestamp for a row
// without a time and kDataWrongType for an id that is neither an integer nor a text; `what` says
// whose rows they are.
Result<std::vector<std::int64_t>> event_rows(const project::Source& source,
                                             const table::Batch& rows, std::string_view what);

}  // namespace rtml::dataset
