// An online store that keeps the contract's form and breaks its meaning.

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

class ForgetfulTransaction : public sdk::OnlineTransaction {
 public:
  sdk::Result<std::optional<std::string>> get(std::string_view) override {
    return std::optional<std::string>();
  }
  sdk::Status put(std::string_view, std::string_view) override { return {}; }
  sdk::Status remove(std::string_view) override { return {}; }
  sdk::Status commit() override { return {}; }
};

class ForgetfulStore : public sdk::OnlineStore {
 public:
  static sdk::Result<std::unique_ptr<ForgetfulStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<ForgetfulStore>();
  }
  sdk::Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string_view>& keys, const sdk::Call&) override {
    return std::vector<std::optional<std::string>>(keys.size());
  }
  sdk::Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view,
                                                                     std::string_view, std::int64_t,
                                                                     const sdk::Call&) override {
    return std::vector<std::pair<std::string, std::string>>();
  }
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view, std::uint64_t,
                                                             const sdk::Call&) override {
    return std::make_unique<ForgetfulTransaction>();
  }
};

}  // namespace

RTML_PLUGIN(ForgetfulStore);
