// What a definition means, without how it is written: the canonical document and its sha256.
//
// Two definitions with the same identity give the same values. Left out are description, owner,
// tags, everything about storage (paths, brokers, options, and with them every `${VAR}`, which is
// read nowhere else), keys at their default and the place in a file; spelling of durations ("24h",
// "1d") does not count.

#pragma once

#include <string>

#include "core/base/json.h"
#include "core/project/definitions.h"
#include "core/project/project.h"

namespace rtml::project {

// Raised whenever the same definition comes to mean other values; part of every identity.
inline constexpr int kSemantics = 1;

// The definition alone; what it refers to stays a name.
Json canonical(const Source& source);
Json canonical(const Entity& entity);
Json canonical(const FeatureView& view);
Json canonical(const OnDemandView& view);
Json canonical(const FeatureService& service);
Json canonical(const Pipeline& pipeline);

// {"semantics", "definition": the canonical definition, and the identities of what it stands on}:
// a view binds its source and entities, an on-demand view and a service their views, a pipeline its
// service and the source of its labels. This is what the registry keeps.
Json content(const Project& project, const Source& source);
Json content(const Project& project, const Entity& entity);
Json content(const Project& project, const FeatureView& view);
Json content(const Project& project, const OnDemandView& view);
Json content(const Project& project, const FeatureService& service);
Json content(const Project& project, const Pipeline& pipeline);

// The sha256 of content() in the form of RFC 8785, 64 hexadecimal digits.
template <typename Definition>
std::string identity(const Project& project, const Definition& definition);

extern template std::string identity(const Project&, const Source&);
extern template std::string identity(const Project&, const Entity&);
extern template std::string identity(const Project&, const FeatureView&);
extern template std::string identity(const Project&, const OnDemandView&);
extern template std::string identity(const Project&, const FeatureService&);
extern template std::string identity(const Project&, const Pipeline&);

}  // namespace rtml::project
