// Reading and writing Parquet through Arrow C++.
//
// Reading holds one row group's wanted columns at most; columns whose type rtml has pass without a
// copy. Of other types: small and unsigned integers widen, dictionaries are decoded, decimals and
// half floats become DOUBLE and FLOAT, dates and times of any unit become TIMESTAMP (finer units
// floor, no zone means UTC), large and fixed-size variants become the plain ones.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "plugins/storage/file/table_file.h"

struct ArrowArrayStream;

namespace rtml::file {

// The columns of a file. Fails with kDataCorrupt if it is no Parquet file or its end is missing. A
// column whose type rtml does not have is in the list with no type and `*unsupported` names it.
Result<std::vector<FoundColumn>> read_parquet_columns(
    const std::string& file, std::map<std::string, std::string>* unsupported);

// Opens the rows of a file. Fails with kDataMissingColumn or kDataWrongType.
Result<std::unique_ptr<FileRows>> open_parquet(const std::string& file,
                                               const ScanSettings& settings);

// Writes rows to a file that replaces what is there when complete. Option: "compression", one of
// snappy (the default), zstd, none. Integers and times are stored as DELTA_BINARY_PACKED, numbers
// PLAIN, texts by a dictionary, in row groups of 131,072 rows. Equal rows give equal bytes,
// whatever batches they come in. Returns the rows written.
Result<std::int64_t> write_parquet(const std::string& file, const Json& options,
                                   ArrowArrayStream& rows, const Checkpoint& checkpoint);

}  // namespace rtml::file
