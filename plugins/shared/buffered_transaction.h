// A write transaction whose changes wait in memory until it is committed: what the transactions of
// all online stores of this tree have in common. Not thread-safe.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plugins/shared/online_names.h"
#include "plugins/shared/pending_changes.h"
#include "rtml/sdk/storage.h"

namespace rtml::plugins {

class BufferedTransaction : public sdk::OnlineTransaction {
 public:
  sdk::Status put(std::string_view group, std::string_view member, std::string_view value) final {
    RTML_SDK_TRY(check_open(group));
    RTML_SDK_TRY(check_member(member));
    pending_.put(group, member, value);
    return keep_small();
  }
  sdk::Status remove(std::string_view group, std::string_view member) final {
    RTML_SDK_TRY(check_open(group));
    RTML_SDK_TRY(check_member(member));
    pending_.remove(group, member);
    return keep_small();
  }
  sdk::Status remove_group(std::string_view group) final {
    RTML_SDK_TRY(check_open(group));
    pending_.remove_group(group);
    return keep_small();
  }
  sdk::Status expire(std::string_view group, std::int64_t at_us) override {
    RTML_SDK_TRY(check_open(group));
    pending_.expire(group, at_us);
    return {};
  }
  sdk::Status commit() final {
    RTML_SDK_TRY(check_open());
    is_over_ = true;
    return write_all();
  }

 protected:
  // After a change: writes what is pending where it has grown large, or refuses it.
  virtual sdk::Status keep_small() = 0;
  // Writes what is pending and ends the transaction; called once.
  virtual sdk::Status write_all() = 0;

  sdk::Status check_open() const {
    if (!is_over_) return {};
    return sdk::fail(RTML_STATUS_INVALID_CALL, "the transaction is over");
  }
  sdk::Status check_open(std::string_view group) const {
    RTML_SDK_TRY(check_open());
    return check_group(group);
  }
  // Adds the one group of `stored` as this transaction sees it.
  void add_as_changed(std::string_view group, sdk::Groups& stored, sdk::Groups* out) const {
    const PendingGroup* const pending = pending_.find(group);
    if (pending == nullptr) {
      out->add_copy(stored);
    } else {
      add_changed(stored, *pending, out);
    }
  }

  PendingChanges pending_;

 private:
  bool is_over_ = false;
};

}  // namespace rtml::plugins
