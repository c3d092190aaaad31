// Columns as bytes, to be put aside in a file and taken back by the same process. No format: the
// bytes hold for this run only.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/table/column.h"

namespace rtml::dataset {

// Memory that a column's values take, without what its allocator keeps beside them.
std::int64_t memory_bytes(const table::Column& column);

// Appends the values of a column. `bytes` keep a length that is a multiple of 8.
void append_column_bytes(std::string& bytes, const table::Column& column);

// Reads the column that starts at `*position` and moves it behind. The column points into `bytes`
// and keeps them. REQUIRES: append_column_bytes() wrote a column of this type there.
table::Column column_from_bytes(const std::shared_ptr<const std::string>& bytes,
                                std::size_t* position, table::DataType type);

}  // namespace rtml::dataset
