#include <algorithm>

#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_online_store>;
using ReturnedGroups = Returned<rtml_groups>;

std::vector<rtml_bytes> bytes_of_all(const std::vector<std::string>& names) {
  std::vector<rtml_bytes> result;
  result.reserve(names.size());
  for (const std::string& name : names) result.push_back(bytes_of(name));
  return result;
}

// The members of a group that a plugin gave in `call`, checked and copied.
Result<Members> members_of(const LoadedPlugin& plugin, std::string_view call,
                           const rtml_group& group) {
  if (group.member_count < 0 || (group.member_count > 0 && group.members == nullptr)) {
    return fail(broken_contract(plugin, call,
                                "a group of " + std::to_string(group.member_count) + " members"));
  }
  Members members;
  members.reserve(static_cast<std::size_t>(group.member_count));
  for (std::int64_t i = 0; i < group.member_count; ++i) {
    const std::string_view name = view(group.members[i].name);
    if (i > 0 && name <= members.back().first) {
      return fail(broken_contract(plugin, call, "members out of order"));
    }
    members.emplace_back(name, view(group.members[i].value));
  }
  return members;
}

// One group for each name that was asked for.
Result<std::vector<Members>> groups_asked_for(const LoadedPlugin& plugin, std::string_view call,
                                              const ReturnedGroups& groups, std::size_t asked) {
  if (groups->count != static_cast<std::int64_t>(asked) ||
      (asked > 0 && groups->groups == nullptr)) {
    return fail(broken_contract(
        plugin, call,
        std::to_string(groups->count) + " groups for " + std::to_string(asked) + " names"));
  }
  std::vector<Members> result;
  result.reserve(asked);
  for (std::size_t i = 0; i < asked; ++i) {
    RTML_TRY_ASSIGN(Members members, members_of(plugin, call, groups->groups[i]));
    result.push_back(std::move(members));
  }
  return result;
}

class PluginTransaction : public OnlineTransaction {
 public:
  PluginTransaction(std::shared_ptr<Store> store, const CallOptions& options)
      : store_(std::move(store)), call_(options) {}
  ~PluginTransaction() override {
    if (transaction_ != nullptr) store_->table->end(transaction_);
  }

  Status start(std::string_view scope, std::uint64_t epoch) {
    ErrorSlot error;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->begin(store_->store, bytes_of(scope), epoch, call_.get(),
                                              &transaction_, error.get())));
    if (transaction_ == nullptr) {
      return fail(broken_contract(*store_->plugin, "begin", "no transaction came back"));
    }
    return {};
  }

  Result<std::vector<Members>> get_groups(const std::vector<std::string>& groups) override {
    const std::vector<rtml_bytes> names = bytes_of_all(groups);
    ErrorSlot error;
    ReturnedGroups found;
    RTML_TRY(error.check(
        *store_->plugin,
        store_->table->get(transaction_, names.data(), static_cast<std::int64_t>(names.size()),
                           found.get(), error.get())));
    return groups_asked_for(*store_->plugin, "get", found, names.size());
  }

  Status put(std::string_view group, std::string_view member, std::string_view value) override {
    ErrorSlot error;
    return error.check(*store_->plugin,
                       store_->table->put(transaction_, bytes_of(group), bytes_of(member),
                                          bytes_of(value), error.get()));
  }

  Status remove(std::string_view group, std::string_view member) override {
    ErrorSlot error;
    return error.check(*store_->plugin, store_->table->remove(transaction_, bytes_of(group),
                                                              bytes_of(member), error.get()));
  }

  Status remove_group(std::string_view group) override {
    ErrorSlot error;
    return error.check(*store_->plugin,
                       store_->table->remove_group(transaction_, bytes_of(group), error.get()));
  }

  Status expire(std::string_view group, std::int64_t at_us) override {
    ErrorSlot error;
    return error.check(*store_->plugin,
                       store_->table->expire(transaction_, bytes_of(group), at_us, error.get()));
  }

  Status commit() override {
    ErrorSlot error;
    return error.check(*store_->plugin, store_->table->commit(transaction_, error.get()));
  }

 private:
  std::shared_ptr<Store> store_;
  CallContext call_;
  void* transaction_ = nullptr;
};

class PluginOnlineStore : public OnlineStore {
 public:
  explicit PluginOnlineStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  bool commits_atomically() const override {
    return store_->table->commits_atomically(store_->store) != 0;
  }

  Result<std::vector<Members>> get_groups(const std::vector<std::string>& groups,
                                          const CallOptions& options) override {
    const std::vector<rtml_bytes> names = bytes_of_all(groups);
    const CallContext call(options);
    ErrorSlot error;
    ReturnedGroups found;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->get_groups(store_->store, names.data(),
                                                   static_cast<std::int64_t>(names.size()),
                                                   call.get(), found.get(), error.get())));
    return groups_asked_for(*store_->plugin, "get_groups", found, names.size());
  }

  Result<std::vector<std::pair<std::string, Members>>> scan(std::string_view prefix,
                                                            std::string_view after,
                                                            std::int64_t limit,
                                                            const CallOptions& options) override {
    ReturnedGroups found;
    RTML_TRY(scan_into(prefix, after, limit, true, options, &found));
    std::vector<std::pair<std::string, Members>> result;
    for (std::int64_t i = 0; i < found->count; ++i) {
      RTML_TRY_ASSIGN(Members members, members_of(*store_->plugin, "scan", found->groups[i]));
      result.emplace_back(view(found->groups[i].name), std::move(members));
    }
    return result;
  }

  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                        std::int64_t limit, const CallOptions& options) override {
    ReturnedGroups found;
    RTML_TRY(scan_into(prefix, after, limit, false, options, &found));
    std::vector<std::string> result;
    for (std::int64_t i = 0; i < found->count; ++i) {
      result.emplace_back(view(found->groups[i].name));
    }
    return result;
  }

  Result<std::unique_ptr<OnlineTransaction>> begin(std::string_view scope, std::uint64_t epoch,
                                                   const CallOptions& options) override {
    auto transaction = std::make_unique<PluginTransaction>(store_, options);
    RTML_TRY(transaction->start(scope, epoch));
    return transaction;
  }

 private:
  // Scans, and checks the names that come back.
  Status scan_into(std::string_view prefix, std::string_view after, std::int64_t limit,
                   bool with_members, const CallOptions& options, ReturnedGroups* found) {
    const CallContext call(options);
    ErrorSlot error;
    RTML_TRY(error.check(
        *store_->plugin,
        store_->table->scan(store_->store, bytes_of(prefix), bytes_of(after), limit,
                            with_members ? 1 : 0, call.get(), found->get(), error.get())));
    const rtml_groups& groups = *found->get();
    if (groups.count < 0 || groups.count > limit ||
        (groups.count > 0 && groups.groups == nullptr)) {
      return fail(broken_contract(*store_->plugin, "scan",
                                  std::to_string(groups.count) + " groups where " +
                                      std::to_string(limit) + " is the most"));
    }
    std::string_view last = after;
    for (std::int64_t i = 0; i < groups.count; ++i) {
      const std::string_view name = view(groups.groups[i].name);
      if (!name.starts_with(prefix) || name <= last) {
        return fail(
            broken_contract(*store_->plugin, "scan", "groups out of order or without the prefix"));
      }
      last = name;
    }
    return {};
  }

  std::shared_ptr<Store> store_;
};

}  // namespace

const std::string* find_member(const Members& members, std::string_view name) {
  const auto found = std::lower_bound(
      members.begin(), members.end(), name,
      [](const auto& member, std::string_view text) { return member.first < text; });
  return found != members.end() && found->first == name ? &found->second : nullptr;
}

Result<Members> OnlineTransaction::get(std::string_view group) {
  RTML_TRY_ASSIGN(std::vector<Members> groups, get_groups({std::string(group)}));
  return std::move(groups.front());
}

Result<Members> OnlineStore::get(std::string_view group, const CallOptions& call) {
  RTML_TRY_ASSIGN(std::vector<Members> groups, get_groups({std::string(group)}, call));
  return std::move(groups.front());
}

Result<std::unique_ptr<OnlineStore>> adapt_online_store(SharedPlugin plugin, const Json& options) {
  const rtml_online_store* table = plugin->descriptor->online;
  RTML_TRY_ASSIGN(auto store, open_store(std::move(plugin), table, options));
  return std::make_unique<PluginOnlineStore>(std::move(store));
}

}  // namespace rtml::plugin
