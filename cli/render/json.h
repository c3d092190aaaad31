// Reports and errors for programs: one JSON document, or one object a line.

#pragma once

#include <string>
#include <string_view>

#include "cli/report.h"
#include "core/base/error.h"

namespace rtml::cli {

// The major version of every JSON output. Within one, members are only added.
inline constexpr int kOutputSchemaVersion = 1;

// Returns {"schema_version": 1, "command": …, data…}, indented, with a final newline.
std::string render_json(const Report& report, std::string_view command);

// Returns the members of data[rows_key] one a line, or the whole document on one line if the report
// has no rows.
std::string render_jsonl(const Report& report, std::string_view command);

// Returns the error as a document: {"schema_version": 1, "command": …, "error": {"code", "message",
// "help", "exit_code", "location", "errors"}}. `command` may be empty.
Json error_document(const Error& error, std::string_view command);

}  // namespace rtml::cli
