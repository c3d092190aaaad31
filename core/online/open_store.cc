#include "core/online/open_store.h"

#include <filesystem>

#include "core/plugin/defaults.h"

namespace rtml::online {
namespace {

constexpr const char* kFallback = "fallback";

// What the project says of its store; null if nothing.
const project::StoreSpec* spec_of(const project::Project& project) {
  const auto& stores = project.settings().stores;
  const auto named = stores.find("online");
  return named == stores.end() ? nullptr : &named->second;
}

// Paths of a store are relative to the project.
void resolve_path(const std::filesystem::path& root, Json& options) {
  if (!options.is_object() || !options.contains("path") || !options["path"].is_string()) return;
  options["path"] = (root / options["path"].get<std::string>()).string();
}

}  // namespace

std::string store_type(const project::Project& project, StoreChoice choice) {
  const project::StoreSpec* const spec = spec_of(project);
  if (choice == StoreChoice::kPrimary) {
    return spec == nullptr ? std::string(plugin::kOnlineStore) : spec->type;
  }
  if (spec == nullptr || !spec->options.contains(kFallback)) return "";
  const Json& fallback = spec->options[kFallback];
  const bool has_type =
      fallback.is_object() && fallback.contains("type") && fallback["type"].is_string();
  return has_type ? fallback["type"].get<std::string>() : "";
}

Result<std::unique_ptr<plugin::OnlineStore>> open_store(const project::Project& project,
                                                        plugin::PluginHost& plugins,
                                                        StoreChoice choice) {
  const project::StoreSpec* const spec = spec_of(project);
  const std::string type = store_type(project, choice);
  if (type.empty()) {
    return fail(Error(ErrorCode::kUsage, "the online store of the project has no fallback")
                    .with_help("give it one in rtml.yaml: stores: {online: {…, fallback: {type: "
                               "postgres, …}}}, or leave online.store at primary"));
  }
  Json options = Json::object();
  if (spec == nullptr) {
    options["path"] = ".rtml/online";
  } else {
    options = spec->options;
  }
  if (choice == StoreChoice::kFallback) {
    options = options[kFallback];
    options.erase("type");
  }
  resolve_path(project.root(), options);
  if (options.contains(kFallback)) resolve_path(project.root(), options[kFallback]);
  return plugins.online_store(type, options);
}

}  // namespace rtml::online
