// The columns that go into a sweep and come out of it. Internal to core/feature.

#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/feature/sweep.h"
#include "core/feature/sweep_block.h"

namespace rtml::feature {

inline bool is_text(table::Kind kind) {
  return kind == table::Kind::kString || kind == table::Kind::kBytes;
}

// Checks that the columns are what the program needs, of one length, with no null among the times.
rtml::Status check_columns(const Program& program, const EventColumns& events,
                           const ReadColumns& reads);

// Evaluates the program's slots for every event. A slot that is a column is that column, with
// whatever NaN and zeros it has; lists are packed.
std::vector<table::Column> slot_columns(const Program& program, const EventColumns& events);

// Turns plain arrays into a column of a type, without a copy of numbers. Without `has_nulls` every
// value is valid.
table::Column to_column(CellValues values, table::DataType type, bool has_nulls = true);

// The same of what a cell gave, as its slot or aggregate keeps it; packed lists are unpacked.
table::Column cell_column(const Cell& cell, CellValues values, bool has_nulls);

// Converts the column of a cell to its declared type.
table::Column widened(const table::Column& column, table::DataType type);

// Converts the column of an expression: the same, and a DOUBLE gets one NaN and no -0.0, which the
// columns of cells have already.
table::Column to_declared(const table::Column& column, table::DataType type);

// The column with null wherever `is_null` is not 0; itself if `is_null` is empty.
table::Column with_nulls(const table::Column& column, const std::vector<std::uint8_t>& is_null);

// Makes the columns of the outputs from those of the cells, in the order in which they need each
// other. `nulls` marks rows whose every value is null; empty if there is none.
std::vector<table::Column> finish_outputs(const Program& program,
                                          const std::vector<table::Column>& cells,
                                          std::int64_t rows,
                                          const std::vector<std::uint8_t>& nulls);

}  // namespace rtml::feature
