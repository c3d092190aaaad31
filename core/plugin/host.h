// Finds, checks and loads plugins and makes the backends of core/plugin/backends.h from them.
//
// A plugin is a shared library beside a manifest that says what it is; the manifest is read
// before anything is loaded, and a library is loaded when its first backend is asked for. Loaded
// libraries stay until the process ends, so a backend may outlive its host. A host is used by one
// thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/plugin/backends.h"

namespace rtml::plugin {

// Why a plugin may be loaded.
enum class Origin : std::uint8_t {
  kInstalled,    // It came with this rtml.
  kAdded,        // `plugin add PATH`: its bytes must match the sha256 pinned then.
  kDevelopment,  // `plugin add --dev DIR`: any bytes, owner and mode are still checked.
};
std::string_view to_string(Origin origin);

// A plugin as its manifest describes it. Nothing of it has run.
struct PluginInfo {
  std::string name;
  std::string kind;                       // "storage", "model" or "orchestrator".
  std::vector<std::string> capabilities;  // "table", "online", "stream", "blob", "model", …
  int abi_version = 0;
  std::string version;
  std::string description;
  std::filesystem::path library;   // Absolute.
  std::filesystem::path manifest;  // Absolute.
  Origin origin = Origin::kInstalled;
  std::string sha256;   // As pinned; empty where there is no pin.
  std::string problem;  // Why the manifest cannot be used; empty if it can.

  bool has(std::string_view capability) const;
};

// Where plugins are looked for.
struct PluginPlaces {
  std::filesystem::path installed;  // lib/rtml/plugins of this rtml.
  // plugins.json of the user: the plugins that were added. The file may be absent; an empty path
  // means that the user has none.
  std::filesystem::path user_file;
  // Directories that the configuration names (plugin.paths); they rank behind the user's own.
  std::vector<std::filesystem::path> configured = {};

  // lib/rtml/plugins relative to the running executable, so that an installed tree may move, and
  // rtml/plugins.json under XDG_CONFIG_HOME or ~/.config.
  static PluginPlaces of(const Environment& environment);
};

struct LoadedPlugin;

class PluginHost {
 public:
  explicit PluginHost(PluginPlaces places) : places_(std::move(places)) {}

  const PluginPlaces& places() const { return places_; }

  // Uses this plugin before any other of its name.
  void prefer(PluginInfo plugin) { preferred_.push_back(std::move(plugin)); }

  // Every plugin there is, by name, those that cannot be used too; of those with one name the first
  // is used: added ones come before development ones, and those before installed ones. Fails if the
  // user's file cannot be read.
  Result<std::vector<PluginInfo>> list() const;

  // The plugin of that name that is used. Fails with kPluginMissing, naming the nearest one, or
  // with what is wrong with its manifest.
  Result<PluginInfo> find(std::string_view name) const;

  // A backend of the plugin `type` ("file", "lmdb", "linear"). `options` are the backend's own; a
  // relative path in them is relative to the working directory.
  // Fails with kPluginMissing if there is no such plugin or it lacks the capability, and with
  // kPluginLoad, kPluginAbi, kPluginUnsafe, kPluginHash or kPluginContract if it may not be used.
  // A backend's calls fail with what the plugin reports, its name in front of the message;
  // kPluginRetry if the plugin says that trying again may help, kPluginContract if what came back
  // is not what the ABI promises.
  Result<std::unique_ptr<TableStore>> table_store(std::string_view type,
                                                  const Json& options = Json::object());
  // An online store whose options name a `fallback` is read from that one while the first fails
  // (core/plugin/fallback_store.h).
  Result<std::unique_ptr<OnlineStore>> online_store(std::string_view type,
                                                    const Json& options = Json::object());
  Result<std::unique_ptr<StreamStore>> stream_store(std::string_view type,
                                                    const Json& options = Json::object());
  Result<std::unique_ptr<BlobStore>> blob_store(std::string_view type,
                                                const Json& options = Json::object());
  Result<std::unique_ptr<ModelBackend>> model_backend(std::string_view type);
  Result<std::unique_ptr<Orchestrator>> orchestrator(std::string_view type);

 private:
  // The loaded plugin `name`, which has `capability`.
  Result<std::shared_ptr<const LoadedPlugin>> load(std::string_view name,
                                                   std::string_view capability);

  PluginPlaces places_;
  std::vector<PluginInfo> preferred_;
  std::vector<std::shared_ptr<const LoadedPlugin>> loaded_;
};

}  // namespace rtml::plugin
