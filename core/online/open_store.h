// The online store of a project.

#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/plugin/backends.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::online {

// Opens the store that the project names `online`, or an LMDB below .rtml/online where it names
// none. Fails as PluginHost::online_store() does.
Result<std::unique_ptr<plugin::OnlineStore>> open_store(const project::Project& project,
                                                        plugin::PluginHost& plugins);

}  // namespace rtml::online
