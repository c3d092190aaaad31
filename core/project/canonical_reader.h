// Definitions out of their canonical documents: the inverse of canonical()
// (core/project/identity.h).
//
// canonical(read_…(canonical(d))) == canonical(d). What a canonical document leaves out has its
// default: notes are empty and a source has no storage. `label` stands in places as the name of the
// file, "registry:terminal_risk@v2", and lines count in the document as it is written indented.
//
// Each fails with the errors that a file of that text would have, since a registry may be damaged.

#pragma once

#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/definitions.h"

namespace rtml::project {

Result<Source> read_canonical_source(const Json& document, const std::string& label);
Result<Entity> read_canonical_entity(const Json& document, const std::string& label);
Result<FeatureView> read_canonical_view(const Json& document, const std::string& label);
Result<OnDemandView> read_canonical_on_demand_view(const Json& document, const std::string& label);
Result<FeatureService> read_canonical_service(const Json& document, const std::string& label);

}  // namespace rtml::project
