#include "core/plugin/host.h"

#include <algorithm>

#include "core/base/clock.h"
#include "core/base/installation.h"
#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/plugin/adapters.h"
#include "core/plugin/fallback_store.h"
#include "core/plugin/library.h"
#include "core/plugin/manifest.h"
#include "core/plugin/user_plugins.h"

namespace rtml::plugin {
namespace {

void append_all(std::vector<PluginInfo> from, Origin origin, std::vector<PluginInfo>& to) {
  for (PluginInfo& info : from) {
    info.origin = origin;
    to.push_back(std::move(info));
  }
}

Result<PluginInfo> read_added(const UserPlugins::Added& added) {
  RTML_TRY_ASSIGN(PluginInfo info, read_manifest(added.manifest));
  if (info.name != added.name) {
    return fail(Error(ErrorCode::kPluginLoad, "the manifest of plugin \"" + added.name +
                                                  "\" is now that of \"" + info.name +
                                                  "\": " + added.manifest.string())
                    .with_help("add the plugin again: rtml plugin add " + added.manifest.string()));
  }
  info.origin = Origin::kAdded;
  info.sha256 = added.sha256;
  return info;
}

// The plugin of a directory by that name; nothing if there is none.
Result<std::optional<PluginInfo>> find_in(const std::filesystem::path& directory,
                                          std::string_view name, Origin origin) {
  if (name.find('/') != std::string_view::npos) return std::nullopt;
  const std::filesystem::path manifest = directory / (std::string(name) + ".json");
  std::error_code ignored;
  if (!std::filesystem::exists(manifest, ignored)) return std::nullopt;
  RTML_TRY_ASSIGN(PluginInfo info, read_manifest(manifest));
  if (info.name != name) return std::nullopt;
  info.origin = origin;
  return info;
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::kInstalled:
      return "installed";
    case Origin::kAdded:
      return "added";
    case Origin::kDevelopment:
      return "development";
  }
  return "";
}

bool PluginInfo::has(std::string_view capability) const {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

PluginPlaces PluginPlaces::of(const Environment& environment) {
  PluginPlaces places;
  places.installed = installation_prefix() / "lib/rtml/plugins";
  // XDG: a relative value is ignored.
  const std::filesystem::path configured =
      environment.get_non_empty("XDG_CONFIG_HOME").value_or("");
  const std::filesystem::path home = environment.get_non_empty("HOME").value_or("");
  if (configured.is_absolute()) {
    places.user_file = configured / "rtml/plugins.json";
  } else if (home.is_absolute()) {
    places.user_file = home / ".config/rtml/plugins.json";
  }
  return places;
}

Result<std::vector<PluginInfo>> PluginHost::list() const {
  std::vector<PluginInfo> plugins = preferred_;
  RTML_TRY_ASSIGN(const UserPlugins user, read_user_plugins(places_.user_file));
  for (const UserPlugins::Added& added : user.added) {
    Result<PluginInfo> info = read_added(added);
    if (!info) {
      PluginInfo unusable;
      unusable.name = added.name;
      unusable.manifest = added.manifest;
      unusable.problem = info.error().message();
      info = std::move(unusable);
    }
    append_all({std::move(*info)}, Origin::kAdded, plugins);
  }
  for (const std::filesystem::path& directory : user.development) {
    append_all(read_manifests(directory), Origin::kDevelopment, plugins);
  }
  for (const std::filesystem::path& directory : places_.configured) {
    append_all(read_manifests(directory), Origin::kDevelopment, plugins);
  }
  append_all(read_manifests(places_.installed), Origin::kInstalled, plugins);
  std::stable_sort(plugins.begin(), plugins.end(),
                   [](const PluginInfo& a, const PluginInfo& b) { return a.name < b.name; });
  return plugins;
}

Result<PluginInfo> PluginHost::find(std::string_view name) const {
  for (const PluginInfo& info : preferred_) {
    if (info.name == name) return info;
  }
  RTML_TRY_ASSIGN(const UserPlugins user, read_user_plugins(places_.user_file));
  for (const UserPlugins::Added& added : user.added) {
    if (added.name == name) return read_added(added);
  }
  for (const std::filesystem::path& directory : user.development) {
    RTML_TRY_ASSIGN(const auto info, find_in(directory, name, Origin::kDevelopment));
    if (info) return *info;
  }
  for (const std::filesystem::path& directory : places_.configured) {
    RTML_TRY_ASSIGN(const auto info, find_in(directory, name, Origin::kDevelopment));
    if (info) return *info;
  }
  RTML_TRY_ASSIGN(const auto installed, find_in(places_.installed, name, Origin::kInstalled));
  if (installed) return *installed;
  RTML_TRY_ASSIGN(const std::vector<PluginInfo> plugins, list());
  std::vector<std::string> names;
  for (const PluginInfo& info : plugins) names.push_back(info.name);
  return fail(Error(ErrorCode::kPluginMissing,
                    "no plugin \"" + std::string(name) + "\"" + did_you_mean(name, names))
                  .with_help("\"rtml plugin list\" shows what there is, \"rtml plugin add PATH\" "
                             "adds one"));
}

Result<std::shared_ptr<const LoadedPlugin>> PluginHost::load(std::string_view name,
                                                             std::string_view capability) {
  for (const SharedPlugin& plugin : loaded_) {
    if (plugin->info.name == name && plugin->info.has(capability)) return plugin;
  }
  RTML_TRY_ASSIGN(PluginInfo info, find(name));
  if (!info.has(capability)) {
    return fail(
        Error(ErrorCode::kPluginMissing,
              "plugin \"" + info.name + "\" has no capability \"" + std::string(capability) + "\"")
            .with_help("it has: " + text_list(info.capabilities)));
  }
  auto plugin = std::make_shared<LoadedPlugin>();
  RTML_TRY_ASSIGN(plugin->descriptor, load_library(info));
  plugin->info = std::move(info);
  loaded_.push_back(plugin);
  return plugin;
}

Result<std::unique_ptr<TableStore>> PluginHost::table_store(std::string_view type,
                                                            const Json& options) {
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "table"));
  return adapt_table_store(std::move(plugin), options);
}

namespace {

// Two stores as one, from the options of the first: {…, fallback: {type, …}, read_timeout}.
Result<std::unique_ptr<OnlineStore>> store_with_fallback(PluginHost& host, std::string_view type,
                                                         Json options) {
  Json second_options = std::move(options["fallback"]);
  FallbackSettings settings;
  settings.first_name = type;
  if (options.contains("read_timeout")) {
    const Json& written = options["read_timeout"];
    if (!written.is_string()) {
      return fail(ErrorCode::kBadValue, "read_timeout of a store must be a duration such as 50ms");
    }
    RTML_TRY_ASSIGN(settings.read_timeout_us, parse_duration(written.get<std::string>()));
  }
  if (settings.read_timeout_us <= 0) {
    return fail(ErrorCode::kBadValue, "read_timeout of a store must be positive");
  }
  if (!second_options.is_object() || !second_options.contains("type") ||
      !second_options["type"].is_string() || second_options.contains("fallback")) {
    return fail(Error(ErrorCode::kBadValue, "the fallback of a store must be another store")
                    .with_help("write it as fallback: {type: postgres, …}"));
  }
  settings.second_name = second_options["type"].get<std::string>();
  options.erase("fallback");
  options.erase("read_timeout");
  second_options.erase("type");
  RTML_TRY_ASSIGN(auto first, host.online_store(type, options));
  RTML_TRY_ASSIGN(auto second, host.online_store(settings.second_name, second_options));
  if (settings.second_name == settings.first_name) settings.second_name += " (fallback)";
  return std::make_unique<FallbackStore>(std::move(first), std::move(second), std::move(settings),
                                         system_clock());
}

}  // namespace

Result<std::unique_ptr<OnlineStore>> PluginHost::online_store(std::string_view type,
                                                              const Json& options) {
  if (options.contains("fallback")) return store_with_fallback(*this, type, options);
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "online"));
  return adapt_online_store(std::move(plugin), options);
}

Result<std::unique_ptr<StreamStore>> PluginHost::stream_store(std::string_view type,
                                                              const Json& options) {
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "stream"));
  return adapt_stream_store(std::move(plugin), options);
}

Result<std::unique_ptr<BlobStore>> PluginHost::blob_store(std::string_view type,
                                                          const Json& options) {
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "blob"));
  return adapt_blob_store(std::move(plugin), options);
}

Result<std::unique_ptr<ModelBackend>> PluginHost::model_backend(std::string_view type) {
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "model"));
  return adapt_model_backend(std::move(plugin));
}

Result<std::unique_ptr<Orchestrator>> PluginHost::orchestrator(std::string_view type) {
  RTML_TRY_ASSIGN(SharedPlugin plugin, load(type, "orchestrator"));
  return adapt_orchestrator(std::move(plugin));
}

}  // namespace rtml::plugin
