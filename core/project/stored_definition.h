// A definition as a registry keeps it, for projects that name versions. Values.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::project {

struct StoredDefinition {
  std::string kind;  // "source", "entity", "feature_view", "on_demand_view", "feature_service".
  std::string name;
  std::int64_t number = 0;
  std::string identity;
  Json content;          // As content() made it (core/project/identity.h).
  bool retired = false;  // Nobody is to use it any more.

  std::string label() const { return name + "@v" + std::to_string(number); }
};

// Reads all that the registry holds; nothing where there is none yet. A project calls it when a
// version is first named, so that those without versions open no registry.
using StoredDefinitions = std::function<Result<std::vector<StoredDefinition>>()>;

}  // namespace rtml::project
