#include "cli/session_parts.h"
#include "core/config/config.h"
#include "core/plugin/host.h"

namespace rtml::cli {

Result<plugin::PluginHost*> Session::plugins() {
  if (!parts_->plugins) {
    RTML_TRY_ASSIGN(const config::Config* settings, config());
    plugin::PluginPlaces places = plugin::PluginPlaces::of(environment_);
    places.configured = settings->paths("plugin.paths");
    parts_->plugins = std::make_shared<plugin::PluginHost>(std::move(places));
  }
  return parts_->plugins.get();
}

}  // namespace rtml::cli
