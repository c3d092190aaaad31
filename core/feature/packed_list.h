// A list of an event as bytes (docs/formats/state.md), which is how slots keep it: what states,
// sweeps and aggregates can do with BYTES they can do with a list, and nobody else has to know of
// lists. Equal lists are equal bytes and no others are. Internal to core/feature.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/table/column.h"
#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::feature {

// Appends the bytes of a list whose items are of `kind`: BOOL, INT64, DOUBLE, STRING, BYTES or
// TIMESTAMP. Of a DOUBLE there is one NaN and no -0.0 afterwards.
void pack_list(std::span<const table::Value> items, table::Kind kind, std::string& bytes);

// The list again. Its items live in `memory`, their texts in `bytes`. Of bytes that
// is_packed_list() refuses the empty list.
table::Value unpack_list(std::string_view bytes, table::Kind kind, table::ValueMemory& memory);

// Whether pack_list() makes such bytes.
bool is_packed_list(std::string_view bytes, table::Kind kind);

// The most bytes that the lists of a column may take when they are packed.
std::int64_t most_packed_bytes(const table::Column& lists);

// A column of lists as a column of BYTES, and back; `type` is the column's of lists.
table::Column pack_lists(const table::Column& lists);
table::Column unpack_lists(const table::Column& packed, table::DataType type);

// The kind under which a value is kept: lists are BYTES.
inline table::Kind kept_kind(table::DataType type) {
  return type.is_list ? table::Kind::kBytes : type.kind;
}

}  // namespace rtml::feature
