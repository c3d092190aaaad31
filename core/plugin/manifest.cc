#include "core/plugin/manifest.h"

#include <algorithm>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "rtml/rtml_plugin.h"

namespace rtml::plugin {
namespace {

constexpr std::size_t kManifestLimitBytes = 64 * 1024;

Error wrong_manifest(const std::filesystem::path& path, const std::string& what) {
  return Error(ErrorCode::kPluginLoad,
               "not a plugin manifest: " + path.string() + " (" + what + ")")
      .with_help(
          "docs/plugins.md says what a manifest holds; the CMake function rtml_plugin() "
          "writes it");
}

bool is_plugin_name(const std::string& name) {
  if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::string> text_member(const Json& manifest, const char* key,
                                const std::filesystem::path& path) {
  const auto found = manifest.find(key);
  if (found == manifest.end() || !found->is_string()) {
    return fail(wrong_manifest(path, "no text \"" + std::string(key) + "\""));
  }
  return found->get<std::string>();
}

Status check_capabilities(const PluginInfo& info, const std::filesystem::path& path) {
  for (const std::string& name : info.capabilities) {
    const auto& known = capabilities();
    const bool fits = std::any_of(known.begin(), known.end(), [&](const Capability& row) {
      return row.name == name && row.kind == info.kind;
    });
    if (!fits) {
      return fail(
          wrong_manifest(path, "kind \"" + info.kind + "\" has no capability \"" + name + "\""));
    }
  }
  if (info.capabilities.empty()) return fail(wrong_manifest(path, "no capabilities"));
  return {};
}

PluginInfo unusable(const std::filesystem::path& manifest, const Error& error) {
  PluginInfo info;
  info.name = manifest.stem().string();
  info.manifest = manifest;
  info.problem = error.message();
  return info;
}

}  // namespace

const std::vector<Capability>& capabilities() {
  static const std::vector<Capability> rows = {
      {"table", "storage"}, {"online", "storage"}, {"stream", "storage"},
      {"blob", "storage"},  {"model", "model"},    {"orchestrator", "orchestrator"}};
  return rows;
}

Result<PluginInfo> read_manifest(const std::filesystem::path& path) {
  RTML_TRY_ASSIGN(const std::string text, read_file(path, kManifestLimitBytes));
  Result<Json> parsed = parse_json(text, path.string());
  if (!parsed || !parsed->is_object()) {
    return fail(wrong_manifest(path, parsed ? "not an object" : "not JSON"));
  }
  const Json& manifest = *parsed;
  PluginInfo info;
  info.manifest = std::filesystem::absolute(path).lexically_normal();
  RTML_TRY_ASSIGN(info.name, text_member(manifest, "name", path));
  RTML_TRY_ASSIGN(info.kind, text_member(manifest, "kind", path));
  RTML_TRY_ASSIGN(info.version, text_member(manifest, "version", path));
  RTML_TRY_ASSIGN(info.description, text_member(manifest, "description", path));
  RTML_TRY_ASSIGN(const std::string file, text_member(manifest, "file", path));
  if (!is_plugin_name(info.name)) return fail(wrong_manifest(path, "name \"" + info.name + "\""));
  const auto abi = manifest.find("abi_version");
  if (abi == manifest.end() || !abi->is_number_unsigned() || *abi > 1'000'000) {
    return fail(wrong_manifest(path, "no number \"abi_version\""));
  }
  info.abi_version = abi->get<int>();
  if (info.abi_version != RTML_PLUGIN_ABI_VERSION) {
    return fail(Error(ErrorCode::kPluginAbi,
                      "plugin \"" + info.name + "\" was built for ABI version " +
                          std::to_string(info.abi_version) + ", this rtml has version " +
                          std::to_string(RTML_PLUGIN_ABI_VERSION) + ": " + path.string())
                    .with_help("build the plugin against the SDK of this rtml"));
  }
  const auto list = manifest.find("capabilities");
  if (list == manifest.end() || !list->is_array()) {
    return fail(wrong_manifest(path, "no list \"capabilities\""));
  }
  for (const Json& capability : *list) {
    if (!capability.is_string()) return fail(wrong_manifest(path, "a capability that is no text"));
    info.capabilities.push_back(capability.get<std::string>());
  }
  RTML_TRY(check_capabilities(info, path));
  // The library stands beside its manifest, so that a manifest cannot name any file it likes.
  if (file.empty() || file.find('/') != std::string::npos || file == "." || file == "..") {
    return fail(wrong_manifest(path, "file \"" + file + "\" is not a name in its directory"));
  }
  info.library = info.manifest.parent_path() / file;
  return info;
}

std::vector<PluginInfo> read_manifests(const std::filesystem::path& directory) {
  std::vector<PluginInfo> plugins;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() != ".json") continue;
    Result<PluginInfo> info = read_manifest(entry.path());
    plugins.push_back(info ? std::move(*info) : unusable(entry.path(), info.error()));
  }
  std::sort(plugins.begin(), plugins.end(),
            [](const PluginInfo& a, const PluginInfo& b) { return a.name < b.name; });
  return plugins;
}

}  // namespace rtml::plugin
