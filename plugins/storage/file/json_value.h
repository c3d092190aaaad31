// A JSON value -> the next value of a column: of a key in JSON lines, of a list in CSV.
//
// NaN and infinities are the strings "NaN", "Infinity" and "-Infinity".

#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/table/column.h"
#include "plugins/storage/file/table_file.h"

namespace rtml::file {

// Where a text stands, for errors.
struct TextPlace {
  const std::string& file;
  std::int64_t line;
};

bool is_special_number(std::string_view text, double* value);

// Parses a text; with `is_padded`, what simdjson reads past its end may be read. The element is
// valid until the parser's next text. Fails with kDataCorrupt.
Result<simdjson::dom::element> parse_json(simdjson::dom::parser& parser, std::string_view text,
                                          bool is_padded, const TextPlace& place);

// Appends a value of the column's type, which is the builder's, or null. Fails as
// conversion_error() says.
Status append_json(simdjson::dom::element value, const WantedColumn& column, const TextPlace& place,
                   table::ColumnBuilder& builder);

}  // namespace rtml::file
