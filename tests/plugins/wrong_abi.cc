// Built for an ABI version that its manifest does not tell.

#include "rtml/rtml_plugin.h"

namespace {

constexpr rtml_plugin make_descriptor() {
  rtml_plugin plugin = {};
  plugin.struct_size = sizeof plugin;
  plugin.abi_version = 999;
  plugin.name = RTML_PLUGIN_NAME;
  plugin.kind = RTML_PLUGIN_KIND;
  plugin.version = RTML_PLUGIN_VERSION;
  return plugin;
}

}  // namespace

extern "C" {
extern RTML_PLUGIN_EXPORT const rtml_plugin rtml_plugin_descriptor;
constinit const rtml_plugin rtml_plugin_descriptor = make_descriptor();
}
