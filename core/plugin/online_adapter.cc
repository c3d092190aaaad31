#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_online_store>;

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

  Result<std::optional<std::string>> get(std::string_view key) override {
    ErrorSlot error;
    Buffer value;
    std::int32_t found = 0;
    RTML_TRY(error.check(*store_->plugin, store_->table->get(transaction_, bytes_of(key),
                                                             value.get(), &found, error.get())));
    if (found == 0) return std::nullopt;
    return value.text(*store_->plugin, "get");
  }

  Status put(std::string_view key, std::string_view value) override {
    ErrorSlot error;
    return error.check(*store_->plugin, store_->table->put(transaction_, bytes_of(key),
                                                           bytes_of(value), error.get()));
  }

  Status remove(std::string_view key) override {
    ErrorSlot error;
    return error.check(*store_->plugin,
                       store_->table->remove(transaction_, bytes_of(key), error.get()));
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

  Result<std::vector<std::optional<std::string>>> get_many(const std::vector<std::string>& keys,
                                                           const CallOptions& options) override {
    std::vector<rtml_bytes> wanted;
    wanted.reserve(keys.size());
    for (const std::string& key : keys) wanted.push_back(bytes_of(key));
    const CallContext call(options);
    ErrorSlot error;
    Returned<rtml_values> values;
    const auto count = static_cast<std::int64_t>(keys.size());
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->get_many(store_->store, wanted.data(), count, call.get(),
                                                 values.get(), error.get())));
    if (values->count != count ||
        (count > 0 && (values->values == nullptr || values->present == nullptr))) {
      return fail(broken_contract(
          *store_->plugin, "get_many",
          std::to_string(values->count) + " values for " + std::to_string(count) + " keys"));
    }
    std::vector<std::optional<std::string>> result(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (values->present[i] != 0) result[i] = view(values->values[i]);
    }
    return result;
  }

  Result<std::vector<std::pair<std::string, std::string>>> scan(
      std::string_view prefix, std::string_view after, std::int64_t limit,
      const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    Returned<rtml_pairs> pairs;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->scan(store_->store, bytes_of(prefix), bytes_of(after),
                                             limit, call.get(), pairs.get(), error.get())));
    if (pairs->count < 0 || pairs->count > limit || (pairs->count > 0 && pairs->pairs == nullptr)) {
      return fail(broken_contract(
          *store_->plugin, "scan",
          std::to_string(pairs->count) + " pairs where " + std::to_string(limit) + " is the most"));
    }
    std::vector<std::pair<std::string, std::string>> result;
    std::string_view last = after;
    for (std::int64_t i = 0; i < pairs->count; ++i) {
      const std::string_view key = view(pairs->pairs[i].key);
      if (!key.starts_with(prefix) || key <= last) {
        return fail(
            broken_contract(*store_->plugin, "scan", "keys out of order or without the prefix"));
      }
      result.emplace_back(key, view(pairs->pairs[i].value));
      last = key;
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
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<OnlineStore>> adapt_online_store(SharedPlugin plugin, const Json& options) {
  const rtml_online_store* table = plugin->descriptor->online;
  RTML_TRY_ASSIGN(auto store, open_store(std::move(plugin), table, options));
  return std::make_unique<PluginOnlineStore>(std::move(store));
}

}  // namespace rtml::plugin
