// A table with nothing behind its size.

#include "rtml/rtml_plugin.h"

namespace {

constexpr rtml_table_store kTable = {
    sizeof(rtml_table_store), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};

constexpr rtml_plugin make_descriptor() {
  rtml_plugin plugin = {};
  plugin.struct_size = sizeof plugin;
  plugin.abi_version = RTML_PLUGIN_ABI_VERSION;
  plugin.name = RTML_PLUGIN_NAME;
  plugin.kind = RTML_PLUGIN_KIND;
  plugin.version = RTML_PLUGIN_VERSION;
  plugin.table = &kTable;
  return plugin;
}

}  // namespace

extern "C" {
extern RTML_PLUGIN_EXPORT const rtml_plugin rtml_plugin_descriptor;
constinit const rtml_plugin rtml_plugin_descriptor = make_descriptor();
}
