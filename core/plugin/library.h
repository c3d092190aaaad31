// Loads a plugin's library once it is known to be safe, and reads its descriptor.
//
// A loaded library stays until the process ends.

#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/plugin/host.h"
#include "rtml/rtml_plugin.h"

namespace rtml::plugin {

// Checks that nobody but root and the user can change a file or the way to it: every component
// belongs to one of them and is not writable for others. A directory that others may write passes
// if it belongs to root and is sticky, as /tmp is. Writable for a group passes only where the group
// is the user's own (its number is the user's, who is not root). `path` is absolute and holds no
// symbolic link. Fails with kPluginUnsafe, naming the component, or kNotFound.
Status check_safe(const std::filesystem::path& path);

// Opens a regular file without following a link at its end, after check_safe() of its resolved
// path. Returns the descriptor, which the caller closes. `*resolved` is the path without links.
Result<int> open_safely(const std::filesystem::path& path, std::filesystem::path* resolved);

// Checks and loads the library of a plugin and checks its descriptor against the manifest and the
// ABI. A pinned plugin is loaded from a sealed copy in memory of the very bytes that were hashed.
// The descriptor lives as long as the process.
Result<const rtml_plugin*> load_library(const PluginInfo& info);

}  // namespace rtml::plugin
