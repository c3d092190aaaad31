// The kinds of project files, with their shapes.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/schema/shape.h"

namespace rtml::schema {

struct KindSpec {
  std::string_view kind;     // "feature_view", as `kind:` says; "project" for rtml.yaml.
  std::string_view folder;   // Where such files are by custom; empty: the project's root.
  std::string_view summary;  // One sentence.
  const Shape* shape;
};

// Every kind, rtml.yaml first.
std::span<const KindSpec> kinds();

// The kind of that name, or null. "project" is found too.
const KindSpec* find_kind(std::string_view kind);

// What a file that is not rtml.yaml may write after `kind:`.
std::vector<std::string> definition_kinds();

// The metrics that a pipeline may name, for core/metric to agree with.
std::span<const std::string_view> metric_names();

}  // namespace rtml::schema
