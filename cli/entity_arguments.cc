#include "cli/entity_arguments.h"

#include <algorithm>

namespace rtml::cli {

Result<std::vector<online::EntityKeyTexts>> entities_of(const std::vector<std::string>& texts) {
  std::vector<online::EntityKeyTexts> entities(1);
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kBadOptionValue, "--entity takes KEY=VALUE, not: " + text);
    }
    const std::string key = text.substr(0, equals);
    const auto& last = entities.back();
    if (std::any_of(last.begin(), last.end(),
                    [&](const auto& part) { return part.first == key; })) {
      entities.emplace_back();
    }
    entities.back().emplace_back(key, text.substr(equals + 1));
  }
  return entities;
}

}  // namespace rtml::cli
