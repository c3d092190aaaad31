// The online store of a project.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/plugin/backends.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::online {

enum class StoreChoice : std::uint8_t {
  kPrimary,   // The store itself; reads that it fails go to its fallback.
  kFallback,  // The fallback alone: what fills it and looks at it.
};

// The plugin behind a choice ("redis"); empty if there is no fallback.
std::string store_type(const project::Project& project, StoreChoice choice);

// Opens the store that the project names `online`, or an LMDB below .rtml/online where it names
// none. Fails as PluginHost::online_store() does, and with kUsage if there is no fallback to
// choose.
Result<std::unique_ptr<plugin::OnlineStore>> open_store(const project::Project& project,
                                                        plugin::PluginHost& plugins,
                                                        StoreChoice choice = StoreChoice::kPrimary);

}  // namespace rtml::online
