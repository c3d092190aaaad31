// An online store in memory that writes group by group, as a cluster does, and can be cut off in
// the middle of a commit.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/backends.h"

namespace rtml::test {

class MemoryStore : public plugin::OnlineStore {
 public:
  using Group = std::map<std::string, std::string>;

  std::map<std::string, Group> groups;
  std::map<std::string, std::uint64_t> epochs;
  // Commits fail after this many groups, which stay written.
  std::optional<std::size_t> cut_off_after;
  bool is_atomic = false;
  int reads = 0;    // Calls of get_groups().
  int commits = 0;  // That came to their end.

  bool commits_atomically() const override { return is_atomic; }

  Result<std::vector<plugin::Members>> get_groups(const std::vector<std::string>& names,
                                                  const plugin::CallOptions&) override {
    ++reads;
    return found(names);
  }
  Result<std::vector<std::pair<std::string, plugin::Members>>> scan(
      std::string_view prefix, std::string_view after, std::int64_t limit,
      const plugin::CallOptions&) override {
    std::vector<std::pair<std::string, plugin::Members>> found;
    for (const auto& [name, members] : groups) {
      if (!name.starts_with(prefix) || name <= after || std::ssize(found) == limit) continue;
      found.emplace_back(name, plugin::Members(members.begin(), members.end()));
    }
    return found;
  }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                        std::int64_t limit,
                                        const plugin::CallOptions& call) override {
    RTML_TRY_ASSIGN(const auto found, scan(prefix, after, limit, call));
    std::vector<std::string> names;
    for (const auto& [name, members] : found) names.push_back(name);
    return names;
  }
  Result<std::unique_ptr<plugin::OnlineTransaction>> begin(std::string_view scope,
                                                           std::uint64_t epoch,
                                                           const plugin::CallOptions&) override {
    return std::make_unique<Transaction>(*this, std::string(scope), epoch);
  }

 private:
  std::vector<plugin::Members> found(const std::vector<std::string>& names) const {
    std::vector<plugin::Members> found;
    for (const std::string& name : names) {
      const auto place = groups.find(name);
      found.emplace_back();
      if (place != groups.end()) found.back().assign(place->second.begin(), place->second.end());
    }
    return found;
  }

  class Transaction : public plugin::OnlineTransaction {
   public:
    Transaction(MemoryStore& store, std::string scope, std::uint64_t epoch)
        : store_(store), scope_(std::move(scope)), epoch_(epoch) {}

    Result<std::vector<plugin::Members>> get_groups(
        const std::vector<std::string>& names) override {
      return store_.found(names);
    }
    Status put(std::string_view group, std::string_view member, std::string_view value) override {
      changes_[std::string(group)][std::string(member)] = std::string(value);
      return {};
    }
    Status remove(std::string_view group, std::string_view member) override {
      changes_[std::string(group)][std::string(member)] = std::nullopt;
      return {};
    }
    Status remove_group(std::string_view group) override {
      for (const auto& [member, value] : store_.groups[std::string(group)]) {
        RTML_TRY(remove(group, member));
      }
      return {};
    }
    Status expire(std::string_view, std::int64_t) override { return {}; }
    Status commit() override {
      std::uint64_t& current = store_.epochs[scope_];
      if (current > epoch_) return fail(ErrorCode::kEpochStale, "the epoch is over: " + scope_);
      current = epoch_;
      if (store_.is_atomic && store_.cut_off_after && changes_.size() > *store_.cut_off_after) {
        return cut_off();
      }
      std::size_t written = 0;
      const auto last = changes_.extract(scope_);
      for (const auto& [group, members] : changes_) {
        if (store_.cut_off_after && written++ == *store_.cut_off_after) return cut_off();
        write(group, members);
      }
      if (store_.cut_off_after && written == *store_.cut_off_after) return cut_off();
      if (!last.empty()) write(scope_, last.mapped());
      ++store_.commits;
      return {};
    }

   private:
    using Changes = std::map<std::string, std::optional<std::string>>;
    static tl::unexpected<Error> cut_off() { return fail(ErrorCode::kIo, "the store went away"); }
    void write(const std::string& group, const Changes& members) {
      Group& place = store_.groups[group];
      for (const auto& [member, value] : members) {
        if (value) {
          place[member] = *value;
        } else {
          place.erase(member);
        }
      }
      if (place.empty()) store_.groups.erase(group);
    }

    MemoryStore& store_;
    std::string scope_;
    std::uint64_t epoch_;
    std::map<std::string, Changes> changes_;
  };
};

}  // namespace rtml::test
