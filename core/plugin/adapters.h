// The C tables of a loaded plugin as the C++ backends of backends.h. Each function makes the
// backend of a plugin that has the capability.

#pragma once

#include <memory>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/plugin/backends.h"
#include "core/plugin/boundary.h"

namespace rtml::plugin {

Result<std::unique_ptr<TableStore>> adapt_table_store(SharedPlugin plugin, const Json& options);
Result<std::unique_ptr<OnlineStore>> adapt_online_store(SharedPlugin plugin, const Json& options);
Result<std::unique_ptr<StreamStore>> adapt_stream_store(SharedPlugin plugin, const Json& options);
Result<std::unique_ptr<BlobStore>> adapt_blob_store(SharedPlugin plugin, const Json& options);
std::unique_ptr<ModelBackend> adapt_model_backend(SharedPlugin plugin);
std::unique_ptr<Orchestrator> adapt_orchestrator(SharedPlugin plugin);

// An opened store of a plugin, shared by what is made from it, closed after the last of that.
template <typename Table>
struct OpenedStore {
  SharedPlugin plugin;
  const Table* table = nullptr;
  void* store = nullptr;

  OpenedStore() = default;
  OpenedStore(const OpenedStore&) = delete;
  OpenedStore& operator=(const OpenedStore&) = delete;
  ~OpenedStore() {
    if (store != nullptr) table->close(store);
  }
};

template <typename Table>
Result<std::shared_ptr<OpenedStore<Table>>> open_store(SharedPlugin plugin, const Table* table,
                                                       const Json& options) {
  const std::string text = to_json_text(options);
  const CallContext call({});
  ErrorSlot error;
  auto opened = std::make_shared<OpenedStore<Table>>();
  opened->table = table;
  RTML_TRY(
      error.check(*plugin, table->open(text.c_str(), call.get(), &opened->store, error.get())));
  opened->plugin = std::move(plugin);
  if (opened->store == nullptr) {
    return fail(broken_contract(*opened->plugin, "open", "no store came back"));
  }
  return opened;
}

}  // namespace rtml::plugin
