// The merged configuration: default < system < user < project < environment < flag.
//
// Files are YAML: `registry: {lock_timeout: 30s}` or `registry.lock_timeout: 30s`. Those of the
// system and the user hold keys at their top; a project's rtml.yaml holds them under `defaults:`,
// beside `registry:` (registry.directory) and `plugins:` (plugin.paths).
// A Config does not change after load(); any number of threads may read it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/result.h"
#include "core/config/key_table.h"

namespace rtml::config {

// Where a value comes from; a later one wins.
enum class Origin : std::uint8_t { kDefault, kSystem, kUser, kProject, kEnvironment, kFlag };
std::string_view to_string(Origin origin);

// The value of one key.
struct Setting {
  const KeySpec* key = nullptr;
  std::string text;  // Lists are joined by ":".
  Origin origin = Origin::kDefault;
  std::string where;  // "rtml.yaml:3:5", "RTML_LINEAGE_DIRTY", "--set"; empty for a default.
};

// Where the files are. A file that is absent, or an empty path, sets nothing.
struct Places {
  std::filesystem::path system_file;
  std::filesystem::path user_file;
  std::filesystem::path project_root;

  // /etc/rtml/config.yaml (RTML_SYSTEM_CONFIG names another) and rtml/config.yaml below
  // XDG_CONFIG_HOME or ~/.config.
  static Places of(const Environment& environment, std::filesystem::path project_root);
};

class Config {
 public:
  // Reads and merges every layer. `flags` are the KEY=VALUE of --set. Fails with every error at
  // once: kUnknownKey, kBadValue, kWrongType at their place, kUntrusted for a key that a project
  // may not set unless its directory is trusted, and what parsing YAML fails with.
  static Result<Config> load(const Places& places, const Environment& environment,
                             std::span<const std::string> flags);

  // REQUIRES: `name` is a key of the matching type.
  const std::string& text(std::string_view name) const;
  std::int64_t duration_us(std::string_view name) const;
  // Absolute; a relative value is resolved against the project's root.
  std::filesystem::path path(std::string_view name) const;
  std::vector<std::filesystem::path> paths(std::string_view name) const;

  // One for each row of the table, in its order.
  std::span<const Setting> settings() const { return settings_; }

 private:
  friend class Merger;
  const Setting& setting(std::string_view name) const;
  std::filesystem::path absolute(const std::string& text) const;

  std::vector<Setting> settings_;
  std::filesystem::path project_root_;
};

}  // namespace rtml::config
