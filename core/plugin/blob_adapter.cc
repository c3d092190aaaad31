#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_blob_store>;

class PluginBlobStore : public BlobStore {
 public:
  explicit PluginBlobStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<std::optional<Blob>> get(std::string_view name, const CallOptions& options) override {
    const std::string terminated(name);
    const CallContext call(options);
    ErrorSlot error;
    Buffer bytes;
    Buffer revision;
    std::int32_t found = 0;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->get(store_->store, terminated.c_str(), call.get(),
                                            bytes.get(), revision.get(), &found, error.get())));
    if (found == 0) return std::nullopt;
    Blob blob;
    RTML_TRY_ASSIGN(blob.bytes, bytes.text(*store_->plugin, "get"));
    RTML_TRY_ASSIGN(blob.revision, revision.text(*store_->plugin, "get"));
    return blob;
  }

  Result<std::string> put(std::string_view name, std::string_view bytes,
                          const CallOptions& options) override {
    const std::string terminated(name);
    const CallContext call(options);
    ErrorSlot error;
    Buffer revision;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->put(store_->store, terminated.c_str(), bytes_of(bytes),
                                            call.get(), revision.get(), error.get())));
    return revision.text(*store_->plugin, "put");
  }

  Result<std::string> put_if_unchanged(std::string_view name, std::string_view bytes,
                                       const std::optional<std::string>& expected,
                                       const CallOptions& options) override {
    const std::string terminated(name);
    const CallContext call(options);
    ErrorSlot error;
    Buffer revision;
    RTML_TRY(error.check(*store_->plugin, store_->table->put_if_unchanged(
                                              store_->store, terminated.c_str(), bytes_of(bytes),
                                              expected ? expected->c_str() : nullptr, call.get(),
                                              revision.get(), error.get())));
    return revision.text(*store_->plugin, "put_if_unchanged");
  }

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<BlobStore>> adapt_blob_store(SharedPlugin plugin, const Json& options) {
  const rtml_blob_store* table = plugin->descriptor->blob;
  RTML_TRY_ASSIGN(auto store, open_store(std::move(plugin), table, options));
  return std::make_unique<PluginBlobStore>(std::move(store));
}

}  // namespace rtml::plugin
