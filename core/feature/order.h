// The one order of values and events, as bytes that compare like them. Internal to core/feature.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/feature/program.h"
#include "core/table/value.h"

namespace rtml::feature {

// Appends bytes whose order is that of the values: null lowest; integers by value; DOUBLE by value
// with NaN highest and -0.0 as 0.0; texts by their bytes. No value's bytes begin another's.
void append_sortable(std::string& bytes, const table::Value& value);

// What decides between events of one time and created: of several sources the order of the view's
// list, then the id, null lowest; where there is none, the canonical bytes of the row. Empty where
// the program does not care.
std::string tie_break(const Program& program, const table::Value& id,
                      std::span<const table::Value> inputs);
// Whether the event that has this tie-break has an id.
bool has_id(const Program& program, std::string_view tie_break);

}  // namespace rtml::feature
