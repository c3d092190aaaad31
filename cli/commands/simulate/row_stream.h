// Rows as JSON lines on standard output, at once or at a pace.

#pragma once

#include <string>

#include "cli/session.h"
#include "core/simulate/pacer.h"
#include "core/table/batch.h"

namespace rtml::cli::commands {

// Appends a row as one JSON object and a line end: times in RFC 3339, numbers exact.
void append_json_line(const table::Batch& batch, std::int64_t row, std::string& out);

// Writes all rows to the session's output; with a pacer each when it is due, by the session's
// clock. Ends early, as if done, when nobody reads. Fails with kInterrupted on a signal.
Status stream_rows(table::BatchReader& rows, const simulate::Pacer* pacer, Session& session);

}  // namespace rtml::cli::commands
