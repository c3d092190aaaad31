// JSON Schemas (draft 2020-12) of the project files, for editors; made from the table of kinds.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/schema/kinds.h"

namespace rtml::schema {

// Returns the schema of one kind, indented, with a line end.
std::string json_schema(const KindSpec& kind);

// Returns every schema as file name and content: one per kind, "feature_view.json", and
// "definitions.json" for files that hold several kinds.
std::vector<std::pair<std::string, std::string>> json_schema_files();

// Returns the keys of a kind as Markdown tables: its own, then those of every object within.
std::string markdown_tables(const KindSpec& kind);

}  // namespace rtml::schema
