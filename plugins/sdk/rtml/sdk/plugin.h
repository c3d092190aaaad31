// All that a plugin in C++ includes. At the end of one of its source files stands
//
//   RTML_PLUGIN(MyTableStore, MyBlobStore)
//
// with one class for each capability; name, kind and version come from the CMake function
// rtml_plugin(), which writes the manifest from the same words.

#pragma once

#include "rtml/sdk/detail/blob_store_table.h"
#include "rtml/sdk/detail/model_tables.h"
#include "rtml/sdk/detail/online_store_table.h"
#include "rtml/sdk/detail/stream_store_table.h"
#include "rtml/sdk/detail/table_store_table.h"
#include "rtml/sdk/model.h"
#include "rtml/sdk/storage.h"

namespace rtml::sdk::detail {

template <typename Class>
constexpr void add_capability(rtml_plugin& plugin) {
  if constexpr (std::is_base_of_v<TableStore, Class>) {
    plugin.table = &kTableStoreTable<Class>;
  } else if constexpr (std::is_base_of_v<OnlineStore, Class>) {
    plugin.online = &kOnlineStoreTable<Class>;
  } else if constexpr (std::is_base_of_v<StreamStore, Class>) {
    plugin.stream = &kStreamStoreTable<Class>;
  } else if constexpr (std::is_base_of_v<BlobStore, Class>) {
    plugin.blob = &kBlobStoreTable<Class>;
  } else if constexpr (std::is_base_of_v<ModelBackend, Class>) {
    plugin.model = &kModelTable<Class>;
  } else {
    static_assert(std::is_base_of_v<Orchestrator, Class>, "not a capability of rtml plugins");
    plugin.orchestrator = &kOrchestratorTable<Class>;
  }
}

template <typename... Classes>
constexpr rtml_plugin describe(const char* name, const char* kind, const char* version) {
  rtml_plugin plugin = {};
  plugin.struct_size = sizeof plugin;
  plugin.abi_version = RTML_PLUGIN_ABI_VERSION;
  plugin.name = name;
  plugin.kind = kind;
  plugin.version = version;
  (add_capability<Classes>(plugin), ...);
  return plugin;
}

}  // namespace rtml::sdk::detail

// Constant data: nothing of the plugin needs to run before the host has read it.
#define RTML_PLUGIN(...)                                                                           \
  extern "C" {                                                                                     \
  extern RTML_PLUGIN_EXPORT const rtml_plugin rtml_plugin_descriptor;                              \
  constinit const rtml_plugin rtml_plugin_descriptor = ::rtml::sdk::detail::describe<__VA_ARGS__>( \
      RTML_PLUGIN_NAME, RTML_PLUGIN_KIND, RTML_PLUGIN_VERSION);                                    \
  }                                                                                                \
  static_assert(true, "a semicolon follows")
