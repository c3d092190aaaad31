// What a plugin says about itself in the file beside it, read before anything of it is loaded.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/plugin/host.h"

namespace rtml::plugin {

// The capabilities that a plugin can have, and the kind that each belongs to.
struct Capability {
  std::string_view name;
  std::string_view kind;
};
const std::vector<Capability>& capabilities();

// Reads <name>.json. Fails with kNotFound, kIo, or kPluginLoad if it is no manifest; kPluginAbi if
// it is for another ABI version. `origin` and `sha256` are left to the caller.
Result<PluginInfo> read_manifest(const std::filesystem::path& path);

// Reads every manifest of a directory, sorted by name; of those that make no sense the name (that
// of the file) and the problem are told. A directory that is absent has none.
std::vector<PluginInfo> read_manifests(const std::filesystem::path& directory);

}  // namespace rtml::plugin
