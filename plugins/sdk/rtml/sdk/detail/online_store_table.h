// The C table of the capability "online" over sdk::OnlineStore.

#pragma once

#include "rtml/sdk/detail/object.h"
#include "rtml/sdk/storage.h"

namespace rtml::sdk::detail {

inline std::vector<std::string_view> views(const rtml_bytes* texts, std::int64_t count) {
  std::vector<std::string_view> result;
  result.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) result.push_back(view(texts[i]));
  return result;
}

inline void give_groups(Groups groups, rtml_groups* out) {
  auto owner = std::make_unique<Groups>(std::move(groups));
  const std::vector<rtml_group>& finished = owner->finish();
  out->count = static_cast<std::int64_t>(finished.size());
  out->groups = finished.data();
  give_owner(std::move(owner), out);
}

inline std::int32_t online_commits_atomically(void* store) noexcept {
  return static_cast<OnlineStore*>(store)->commits_atomically() ? 1 : 0;
}

inline rtml_status online_get_groups(void* store, const rtml_bytes* groups,
                                     std::int64_t group_count, const rtml_call* call,
                                     rtml_groups* found, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(Groups got, static_cast<OnlineStore*>(store)->get_groups(
                                        views(groups, group_count), Call(call)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_scan(void* store, rtml_bytes prefix, rtml_bytes after, std::int64_t limit,
                               std::int32_t with_members, const rtml_call* call, rtml_groups* found,
                               rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(Groups got,
                        static_cast<OnlineStore*>(store)->scan(view(prefix), view(after), limit,
                                                               with_members != 0, Call(call)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_begin(void* store, rtml_bytes scope, std::uint64_t epoch,
                                const rtml_call* call, void** transaction,
                                rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto begun,
                        static_cast<OnlineStore*>(store)->begin(view(scope), epoch, Call(call)));
    *transaction = begun.release();
    return {};
  });
}

inline rtml_status online_get(void* transaction, const rtml_bytes* groups, std::int64_t group_count,
                              rtml_groups* found, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(
        Groups got, static_cast<OnlineTransaction*>(transaction)->get(views(groups, group_count)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_put(void* transaction, rtml_bytes group, rtml_bytes member,
                              rtml_bytes value, rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)
        ->put(view(group), view(member), view(value));
  });
}

inline rtml_status online_remove(void* transaction, rtml_bytes group, rtml_bytes member,
                                 rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->remove(view(group), view(member));
  });
}

inline rtml_status online_remove_group(void* transaction, rtml_bytes group,
                                       rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->remove_group(view(group));
  });
}

inline rtml_status online_expire(void* transaction, rtml_bytes group, std::int64_t at_us,
                                 rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->expire(view(group), at_us);
  });
}

inline rtml_status online_commit(void* transaction, rtml_error* error) noexcept {
  return fenced(error, [&] { return static_cast<OnlineTransaction*>(transaction)->commit(); });
}

template <typename Class>
inline constexpr rtml_online_store kOnlineStoreTable = {sizeof(rtml_online_store),
                                                        &open_store<Class, OnlineStore>,
                                                        &close_object<OnlineStore>,
                                                        &online_commits_atomically,
                                                        &online_get_groups,
                                                        &online_scan,
                                                        &online_begin,
                                                        &online_get,
                                                        &online_put,
                                                        &online_remove,
                                                        &online_remove_group,
                                                        &online_expire,
                                                        &online_commit,
                                                        &close_object<OnlineTransaction>};

}  // namespace rtml::sdk::detail
