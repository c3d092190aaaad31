#include "cli/commands/model/alias_expectation.h"

namespace rtml::cli {

Result<registry::Expectation> alias_as_it_is(const registry::Registry& registry,
                                             const std::string& model, const std::string& alias) {
  using Kind = registry::Expectation::Kind;
  if (alias.empty()) return registry::Expectation{Kind::kAnything, 0};
  if (!registry.exists()) return registry::Expectation{Kind::kAbsent, 0};
  RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
  RTML_TRY_ASSIGN(const auto current, reader.alias(model, alias));
  if (!current) return registry::Expectation{Kind::kAbsent, 0};
  return registry::Expectation{Kind::kVersion, current->number};
}

}  // namespace rtml::cli
