#include "core/online/open_store.h"

#include "core/plugin/defaults.h"

namespace rtml::online {

Result<std::unique_ptr<plugin::OnlineStore>> open_store(const project::Project& project,
                                                        plugin::PluginHost& plugins) {
  const auto& stores = project.settings().stores;
  const auto named = stores.find("online");
  std::string type(plugin::kOnlineStore);
  Json options = Json::object();
  if (named != stores.end()) {
    type = named->second.type;
    options = named->second.options;
  }
  if (named == stores.end()) options["path"] = ".rtml/online";
  if (options.contains("path") && options["path"].is_string()) {
    options["path"] = (project.root() / options["path"].get<std::string>()).string();
  }
  return plugins.online_store(type, options);
}

}  // namespace rtml::online
