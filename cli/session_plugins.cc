#include "cli/session_parts.h"
#include "core/plugin/host.h"

namespace rtml::cli {

Result<plugin::PluginHost*> Session::plugins() {
  if (!parts_->plugins) {
    parts_->plugins = std::make_shared<plugin::PluginHost>(plugin::PluginPlaces::of(environment_));
  }
  return parts_->plugins.get();
}

}  // namespace rtml::cli
