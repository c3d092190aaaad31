// Reads YAML: the only place that knows the YAML library.
//
// Beyond the library: bytes must be UTF-8 without control characters; size, depth and the number of
// nodes after alias expansion are capped; a key stands once in a mapping and is a plain text; tags
// (`!!str`) and merge keys (`<<`) are refused, anchors and aliases are read; `${VAR}` in values is
// replaced after parsing and never parsed again.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/result.h"
#include "core/yaml/node.h"

namespace rtml::yaml {

struct Limits {
  std::size_t bytes = std::size_t{1} << 20;
  int depth = 64;
  std::size_t nodes = 10'000;                         // After alias expansion.
  std::size_t expanded_bytes = std::size_t{4} << 20;  // Of all scalars after alias expansion.
};

// Returns the root of every document of `text`, empty documents left out. `file` is the name that
// places carry. Fails with kYamlSyntax, kYamlLimit, kYamlDuplicateKey or kBadValue at its place;
// with several at once where they do not depend on each other.
Result<std::vector<Node>> parse(std::string_view text, const std::string& file,
                                const Environment& environment, const Limits& limits = {});

}  // namespace rtml::yaml
