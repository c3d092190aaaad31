// What a transaction of an online store has been told and not yet written: the latest word on each
// member, groups and members in byte order. Not thread-safe.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rtml/sdk/storage.h"

namespace rtml::plugins {

struct PendingGroup {
  // All members that the store holds go before those below are put.
  bool replaces_all = false;
  // A value to put, or nothing: to remove.
  std::map<std::string, std::optional<std::string>, std::less<>> members;
  std::optional<std::int64_t> expires_at_us;
};

class PendingChanges {
 public:
  void put(std::string_view group, std::string_view member, std::string_view value) {
    set(at(group), member, std::string(value));
  }

  void remove(std::string_view group, std::string_view member) {
    set(at(group), member, std::nullopt);
  }

  void remove_group(std::string_view group) {
    PendingGroup& pending = at(group);
    for (const auto& [member, value] : pending.members) bytes_ -= cost(member, value);
    pending = {};
    pending.replaces_all = true;
  }

  void expire(std::string_view group, std::int64_t at_us) { at(group).expires_at_us = at_us; }

  // Null where nothing is pending for a group.
  const PendingGroup* find(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
  }

  const std::map<std::string, PendingGroup, std::less<>>& groups() const { return groups_; }
  bool empty() const { return groups_.empty(); }
  // About what is held in memory.
  std::size_t bytes() const { return bytes_; }

  void clear() {
    groups_.clear();
    bytes_ = 0;
  }

 private:
  // What a node of a map costs beside its texts.
  static constexpr std::size_t kNodeBytes = 96;

  PendingGroup& at(std::string_view group) {
    const auto found = groups_.lower_bound(group);
    if (found != groups_.end() && found->first == group) return found->second;
    bytes_ += group.size() + kNodeBytes;
    return groups_.emplace_hint(found, group, PendingGroup())->second;
  }

  static std::size_t cost(std::string_view member, const std::optional<std::string>& value) {
    return member.size() + kNodeBytes + (value ? value->size() : 0);
  }

  void set(PendingGroup& pending, std::string_view member, std::optional<std::string> value) {
    bytes_ += cost(member, value);
    const auto found = pending.members.lower_bound(member);
    if (found != pending.members.end() && found->first == member) {
      bytes_ -= cost(member, found->second);
      found->second = std::move(value);
      return;
    }
    pending.members.emplace_hint(found, member, std::move(value));
  }

  std::map<std::string, PendingGroup, std::less<>> groups_;
  std::size_t bytes_ = 0;
};

// Adds the one group of `stored` as it is with the changes.
inline void add_changed(sdk::Groups& stored, const PendingGroup& changes, sdk::Groups* out) {
  const rtml_group& group = stored.finish().front();
  std::map<std::string_view, std::string_view> members;
  for (std::int64_t i = 0; i < group.member_count && !changes.replaces_all; ++i) {
    members[sdk::Groups::text(group.members[i].name)] = sdk::Groups::text(group.members[i].value);
  }
  for (const auto& [member, value] : changes.members) {
    if (value) {
      members[member] = *value;
    } else {
      members.erase(member);
    }
  }
  out->add_group(out->copy(sdk::Groups::text(group.name)));
  for (const auto& [member, value] : members) out->add_member(out->copy(member), out->copy(value));
}

}  // namespace rtml::plugins
