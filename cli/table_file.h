// Tables that the user names by their path: Parquet, CSV or JSONL, by the ending.

#pragma once

#include <memory>
#include <string>

#include "cli/session.h"
#include "core/plugin/backends.h"
#include "core/table/batch.h"

namespace rtml::cli {

// Reads a file. Fails with what the plugin for files fails with, the path named.
Result<std::unique_ptr<table::BatchReader>> open_table(Session& session,
                                                       const plugin::ScanRequest& request);

// The columns of a file without its rows.
Result<table::Schema> table_schema(Session& session, const plugin::ScanRequest& request);

// Writes rows to a file, visible when complete. Returns how many.
Result<std::int64_t> write_table(Session& session, const std::string& path,
                                 table::BatchReader& rows);

}  // namespace rtml::cli
