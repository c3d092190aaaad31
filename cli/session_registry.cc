#include "cli/session_parts.h"
#include "core/config/config.h"
#include "core/registry/registry.h"

namespace rtml::cli {

Result<registry::Registry*> Session::registry() {
  if (!parts_->registry) {
    // Only rtml.yaml is read: a mistake in another file must not keep a model from being rolled
    // back.
    RTML_TRY(project_root());
    RTML_TRY_ASSIGN(const config::Config* settings, config());
    const registry::Options options{.lock_timeout_us =
                                        settings->duration_us("registry.lock_timeout")};
    parts_->registry =
        std::make_shared<registry::Registry>(settings->path("registry.directory"), clock_, options);
  }
  return parts_->registry.get();
}

}  // namespace rtml::cli
