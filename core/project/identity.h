// What a definition means, without how it is written: the canonical document and its sha256.
//
// Two definitions with the same identity give the same values. Left out are description, owner,
// tags, paths, brokers and other options of storage, `${VAR}` values, keys at their default and the
// place in a file; spelling of durations ("24h", "1d") does not count. A number for the semantics
// of this rtml is inside, so that a change of meaning changes identities.

#pragma once

#include <string>

#include "core/base/json.h"
#include "core/project/definitions.h"

namespace rtml::project {

class Project;

// Raised whenever the same definition comes to mean other values.
inline constexpr int kSemantics = 1;

// The definition alone; names of what it refers to stay names.
Json canonical(const Settings& settings);
Json canonical(const Source& source);
Json canonical(const Entity& entity);
Json canonical(const FeatureView& view);
Json canonical(const FeatureService& service);
Json canonical(const Pipeline& pipeline);
Json canonical(const DriftCheck& check);
Json canonical(const Experiment& experiment);

// The sha256 of a definition with what it stands on: a view binds its source's and entities'
// content, a service its views', a pipeline its service and label source.
// 64 hexadecimal digits.
std::string identity(const Project& project, const Source& source);
std::string identity(const Project& project, const Entity& entity);
std::string identity(const Project& project, const FeatureView& view);
std::string identity(const Project& project, const FeatureService& service);
std::string identity(const Project& project, const Pipeline& pipeline);

}  // namespace rtml::project
