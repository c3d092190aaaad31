// One entity's features as a program and a person read them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/report.h"
#include "core/base/json.h"
#include "core/online/reader.h"
#include "core/online/request.h"

namespace rtml::cli::commands {

// The time as text; null where there is none.
Json time_json(std::optional<std::int64_t> time_us);

// {"entity": …, "features": [{"name", "value", "status", "event_timestamp"}, …]}
Json answer_json(const online::Reader& reader, const online::BoundRequests& bound,
                 const online::ReadResult& result, std::size_t entity);

// A row a feature, with a column for the label of the entity or without.
Table answer_table(bool has_labels);
// Adds what answer_json() gave; `label` is left out where the table has no column for it.
void add_answer(const Json& answer, const std::string& label, Table& table);

}  // namespace rtml::cli::commands
