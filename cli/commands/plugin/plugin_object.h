// A plugin as the plugin commands report it.

#pragma once

#include <string>

#include "core/base/json.h"
#include "core/base/text_list.h"
#include "core/plugin/host.h"

namespace rtml::cli::commands {

inline std::string capabilities_text(const plugin::PluginInfo& info) {
  return text_list(info.capabilities);
}

inline Json plugin_object(const plugin::PluginInfo& info) {
  Json object = {{"name", info.name}, {"origin", std::string(plugin::to_string(info.origin))}};
  object["manifest"] = info.manifest.string();
  if (!info.problem.empty()) {
    object["problem"] = info.problem;
    return object;
  }
  object["kind"] = info.kind;
  object["capabilities"] = info.capabilities;
  object["version"] = info.version;
  object["abi_version"] = info.abi_version;
  object["description"] = info.description;
  object["library"] = info.library.string();
  if (!info.sha256.empty()) object["sha256"] = info.sha256;
  return object;
}

}  // namespace rtml::cli::commands
