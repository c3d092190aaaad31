#include "core/plugin/user_plugins.h"

#include <algorithm>
#include <functional>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/plugin/library.h"
#include "core/plugin/manifest.h"

namespace rtml::plugin {
namespace {

constexpr int kFormat = 1;

Error wrong_file(const std::filesystem::path& file, const std::string& what) {
  SourceLocation location;
  location.file = file.string();
  return Error(ErrorCode::kBadValue, "not a list of plugins: " + what)
      .at(std::move(location))
      .with_help("remove the file and add your plugins again with: rtml plugin add PATH");
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Status write_list(const std::filesystem::path& file, const UserPlugins& plugins) {
  Json document = {{"format", kFormat}, {"plugins", Json::array()}, {"development", Json::array()}};
  for (const UserPlugins::Added& added : plugins.added) {
    document["plugins"].push_back(
        {{"name", added.name}, {"manifest", added.manifest.string()}, {"sha256", added.sha256}});
  }
  for (const std::filesystem::path& directory : plugins.development) {
    document["development"].push_back(directory.string());
  }
  return write_file(file, to_indented_json_text(document) + "\n", 0600);
}

// Reads the list, lets `edit` change it, and writes it. Two commands at a time change it one after
// the other.
Status edit_list(const std::filesystem::path& file, const std::function<void(UserPlugins&)>& edit) {
  RTML_TRY_ASSIGN(const FileLock lock, FileLock::acquire(file.string() + ".lock"));
  RTML_TRY_ASSIGN(UserPlugins plugins, read_user_plugins(file));
  edit(plugins);
  return write_list(file, plugins);
}

// The manifest that a path given by the user means.
Result<std::filesystem::path> find_manifest(const std::filesystem::path& path) {
  std::error_code failure;
  const std::filesystem::path given = std::filesystem::canonical(path, failure);
  if (failure) {
    return fail(ErrorCode::kNotFound,
                "cannot find plugin: " + path.string() + " (" + failure.message() + ")");
  }
  if (std::filesystem::is_directory(given, failure)) {
    const std::vector<PluginInfo> plugins = read_manifests(given);
    if (plugins.size() == 1) return given / plugins.front().manifest.filename();
    return fail(Error(ErrorCode::kPluginMissing, std::to_string(plugins.size()) +
                                                     " plugins in the directory: " + path.string())
                    .with_help("name the manifest of one plugin, or use --dev for a directory of "
                               "plugins"));
  }
  if (given.extension() == ".json") return given;
  std::filesystem::path manifest = given;
  manifest.replace_extension(".json");
  if (!std::filesystem::exists(manifest, failure)) {
    return fail(
        Error(ErrorCode::kPluginLoad, "plugin has no manifest beside it: " + manifest.string())
            .with_help("the CMake function rtml_plugin() writes it"));
  }
  return manifest;
}

}  // namespace

Result<UserPlugins> read_user_plugins(const std::filesystem::path& file) {
  UserPlugins plugins;
  std::error_code ignored;
  if (file.empty() || !std::filesystem::exists(file, ignored)) return plugins;
  RTML_TRY(check_safe(std::filesystem::canonical(file, ignored)));
  RTML_TRY_ASSIGN(const std::string text, read_file(file, std::size_t{1} << 20));
  const Result<Json> parsed = parse_json(text, file.string());
  if (!parsed || !parsed->is_object()) return fail(wrong_file(file, "no JSON object"));
  if (parsed->value("format", Json()) != kFormat) {
    return fail(wrong_file(file, "\"format\" is not " + std::to_string(kFormat)));
  }
  for (const Json& row : parsed->value("plugins", Json::array())) {
    const bool is_complete = row.is_object() && row.value("name", Json()).is_string() &&
                             row.value("manifest", Json()).is_string() &&
                             row.value("sha256", Json()).is_string() &&
                             is_sha256(row["sha256"].get<std::string>());
    if (!is_complete) {
      return fail(wrong_file(file, "a plugin without name, manifest and sha256"));
    }
    plugins.added.push_back({row["name"].get<std::string>(), row["manifest"].get<std::string>(),
                             row["sha256"].get<std::string>()});
  }
  for (const Json& directory : parsed->value("development", Json::array())) {
    if (!directory.is_string()) return fail(wrong_file(file, "a directory that is no text"));
    plugins.development.emplace_back(directory.get<std::string>());
  }
  return plugins;
}

Result<PluginInfo> inspect_plugin(const std::filesystem::path& path) {
  RTML_TRY_ASSIGN(const std::filesystem::path manifest, find_manifest(path));
  RTML_TRY(check_safe(manifest));
  RTML_TRY_ASSIGN(PluginInfo info, read_manifest(manifest));
  info.origin = Origin::kAdded;
  std::error_code failure;
  const std::filesystem::path library = std::filesystem::canonical(info.library, failure);
  if (failure) {
    return fail(ErrorCode::kPluginLoad,
                "cannot find plugin: " + info.library.string() + " (" + failure.message() + ")");
  }
  RTML_TRY(check_safe(library));
  RTML_TRY_ASSIGN(info.sha256, sha256_file(library));
  // Loads the bytes of that hash or fails, if they changed meanwhile.
  RTML_TRY(load_library(info));
  return info;
}

Status add_plugin(const std::filesystem::path& file, const PluginInfo& info) {
  return edit_list(file, [&](UserPlugins& plugins) {
    std::erase_if(plugins.added,
                  [&](const UserPlugins::Added& added) { return added.name == info.name; });
    plugins.added.push_back({info.name, info.manifest, info.sha256});
  });
}

Status add_development_directory(const std::filesystem::path& file,
                                 const std::filesystem::path& directory) {
  std::error_code failure;
  const std::filesystem::path resolved = std::filesystem::canonical(directory, failure);
  if (failure || !std::filesystem::is_directory(resolved, failure)) {
    return fail(ErrorCode::kNotFound, "not a directory: " + directory.string());
  }
  return edit_list(file, [&](UserPlugins& plugins) {
    const auto found = std::find(plugins.development.begin(), plugins.development.end(), resolved);
    if (found == plugins.development.end()) plugins.development.push_back(resolved);
  });
}

}  // namespace rtml::plugin
