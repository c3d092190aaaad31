#include "cli/online_store.h"

#include "core/config/config.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::cli {

Result<online::StoreChoice> store_choice(Session& session) {
  RTML_TRY_ASSIGN(const config::Config* config, session.config());
  return config->text("online.store") == "fallback" ? online::StoreChoice::kFallback
                                                    : online::StoreChoice::kPrimary;
}

Result<std::unique_ptr<plugin::OnlineStore>> open_online_store(Session& session) {
  RTML_TRY_ASSIGN(const online::StoreChoice choice, store_choice(session));
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  return online::open_store(*project, *plugins, choice);
}

}  // namespace rtml::cli
