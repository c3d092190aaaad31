// Where the reference of a drift check comes from.

#pragma once

#include <optional>
#include <string>

#include "cli/session.h"
#include "core/drift/profile.h"

namespace rtml::cli::commands {

// At most one is set.
struct ReferenceChoice {
  std::optional<std::string> path;   // A profile, or a table.
  std::optional<std::string> model;  // "fraud", "fraud@champion", "fraud@3".
};

struct Reference {
  drift::Profile profile;
  std::string name;         // "fraud@3", or the path.
  std::string description;  // "the training rows of fraud@3".
  bool is_model = false;
};

// Fails with kUsage if nothing is chosen, kProfileInvalid if the file or the model's profile cannot
// be used, kRegistryNotFound if there is no such model or it has no profile.
Result<Reference> read_reference(Session& session, const ReferenceChoice& choice);

}  // namespace rtml::cli::commands
