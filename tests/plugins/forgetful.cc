// An online store that keeps the contract's form and breaks its meaning.

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

sdk::Groups nothing(const std::vector<std::string_view>& names) {
  sdk::Groups groups;
  for (const std::string_view name : names) groups.add_group(groups.copy(name));
  return groups;
}

class ForgetfulTransaction : public sdk::OnlineTransaction {
 public:
  sdk::Result<sdk::Groups> get(const std::vector<std::string_view>& groups) override {
    return nothing(groups);
  }
  sdk::Status put(std::string_view, std::string_view, std::string_view) override { return {}; }
  sdk::Status remove(std::string_view, std::string_view) override { return {}; }
  sdk::Status remove_group(std::string_view) override { return {}; }
  sdk::Status expire(std::string_view, std::int64_t) override { return {}; }
  sdk::Status commit() override { return {}; }
};

class ForgetfulStore : public sdk::OnlineStore {
 public:
  static sdk::Result<std::unique_ptr<ForgetfulStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<ForgetfulStore>();
  }
  bool commits_atomically() const override { return true; }
  sdk::Result<sdk::Groups> get_groups(const std::vector<std::string_view>& groups,
                                      const sdk::Call&) override {
    return nothing(groups);
  }
  sdk::Result<sdk::Groups> scan(std::string_view, std::string_view, std::int64_t, bool,
                                const sdk::Call&) override {
    return sdk::Groups();
  }
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view, std::uint64_t,
                                                             const sdk::Call&) override {
    return std::make_unique<ForgetfulTransaction>();
  }
};

}  // namespace

RTML_PLUGIN(ForgetfulStore);
