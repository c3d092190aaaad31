// The bounds that the ABI sets for the names of an online store.

#pragma once

#include <string>
#include <string_view>

#include "rtml/sdk/result.h"

namespace rtml::plugins {

inline constexpr std::size_t kGroupBytesMax = 400;
inline constexpr std::size_t kMemberBytesMax = 100;
inline constexpr std::size_t kScopeBytesMax = 400;

inline sdk::Status check_length(std::string_view what, std::string_view name, std::size_t least,
                                std::size_t most) {
  if (name.size() >= least && name.size() <= most) return {};
  return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                   "a " + std::string(what) + " of " + std::to_string(name.size()) +
                       " bytes; it has " + std::to_string(least) + " to " + std::to_string(most));
}

inline sdk::Status check_group(std::string_view group) {
  return check_length("group", group, 1, kGroupBytesMax);
}
inline sdk::Status check_member(std::string_view member) {
  return check_length("member", member, 0, kMemberBytesMax);
}
inline sdk::Status check_scope(std::string_view scope) {
  return check_length("scope", scope, 1, kScopeBytesMax);
}

}  // namespace rtml::plugins
