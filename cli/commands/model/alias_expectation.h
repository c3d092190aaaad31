// What an alias points to now, as the condition of moving it.

#pragma once

#include <string>

#include "core/base/result.h"
#include "core/registry/registry.h"

namespace rtml::cli {

// Whoever moves an alias decides on what they see; the move happens only if that is still so.
// kAnything if `alias` is empty, kAbsent if there is no such alias, model or registry.
Result<registry::Expectation> alias_as_it_is(const registry::Registry& registry,
                                             const std::string& model, const std::string& alias);

}  // namespace rtml::cli
