// Writing CSV and JSON lines.
//
// CSV: a null is an empty field, an empty text is "", NaN and infinities are NaN, inf and -inf.
// JSON: they are strings. Doubles have the fewest digits that read back as the same value; times
// are RFC 3339 in UTC.

#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "plugins/storage/file/table_file.h"
#include "rtml/arrow_c_data_interface.h"

namespace rtml::file {

enum class TextFormat : std::uint8_t { kCsv, kJsonl };

// Writes rows to a file that replaces what is there when complete. Returns the rows written. Fails
// with kUnsupported for a type that the format cannot hold: lists and BYTES.
Result<std::int64_t> write_text(const std::string& file, TextFormat format,
                                const TextOptions& options, ArrowArrayStream& rows,
                                const Checkpoint& checkpoint);

}  // namespace rtml::file
