// The plugins that the user added: rtml/plugins.json in the user's configuration.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/plugin/host.h"

namespace rtml::plugin {

struct UserPlugins {
  struct Added {
    std::string name;
    std::filesystem::path manifest;  // Absolute.
    std::string sha256;              // Of the library.
  };
  std::vector<Added> added;
  std::vector<std::filesystem::path> development;  // Absolute directories.
};

// Reads the file; an absent one holds nothing. Fails with kPluginUnsafe if others can write it, and
// with kBadValue if it makes no sense.
Result<UserPlugins> read_user_plugins(const std::filesystem::path& file);

// What `plugin add` would add: the plugin whose manifest or library `path` is, or the only one in
// the directory `path`. Checks owner and mode, hashes the library, and loads it once from the bytes
// that were hashed, so that only a plugin that works is added.
Result<PluginInfo> inspect_plugin(const std::filesystem::path& path);

// Adds an inspected plugin, in place of one of the same name that was added before. The file is
// replaced as a whole, readable by the user alone; of several processes one changes it at a time.
// Fails with kIo, and with kBusy if another one does not come to an end.
Status add_plugin(const std::filesystem::path& file, const PluginInfo& info);

// Adds every plugin of a directory without a pin. Fails with kNotFound if there is no such
// directory, and as add_plugin() does.
Status add_development_directory(const std::filesystem::path& file,
                                 const std::filesystem::path& directory);

}  // namespace rtml::plugin
