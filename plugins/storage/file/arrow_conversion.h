// Arrow arrays of any type as the types that cross to rtml.

#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "plugins/storage/file/table_file.h"

namespace rtml::file {

// The type that a column of this Arrow type has when nothing is declared; nothing if rtml has no
// such values.
std::optional<table::DataType> natural_type(const arrow::DataType& type);

// The Arrow type in which a column crosses.
std::shared_ptr<arrow::DataType> crossing_type(table::DataType type);

// Converts one chunk of a column. `row` is the number of rows of the file before it. Fails with
// kDataWrongType or kDataBadTimestamp, naming file, column, row (from 1) and value.
Result<std::shared_ptr<arrow::Array>> convert_array(std::shared_ptr<arrow::Array> array,
                                                    const WantedColumn& column,
                                                    const std::string& file, std::int64_t row);

}  // namespace rtml::file
