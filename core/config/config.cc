#include "core/config/config.h"

#include <algorithm>

#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/config/trust.h"
#include "core/yaml/parse.h"

namespace rtml::config {
namespace {

constexpr std::string_view kProjectFile = "rtml.yaml";

std::string where_in(const SourceLocation& location) {
  std::string text = location.file;
  if (location.line > 0) text += ":" + std::to_string(location.line);
  if (location.line > 0 && location.column > 0) text += ":" + std::to_string(location.column);
  return text;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(':', start), text.size());
    if (end > start) items.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return items;
}

}  // namespace

// Lays one layer over another and collects what is wrong with them.
class Merger {
 public:
  Merger(Config& config, const Environment& environment)
      : config_(config), environment_(environment) {
    for (const KeySpec& key : key_table()) {
      config_.settings_.push_back({&key, std::string(key.default_text), Origin::kDefault, ""});
    }
  }

  void merge_file(const std::filesystem::path& file, Origin origin) {
    const auto documents = parse_file(file, file.string());
    for (const yaml::Node& root : documents) merge_mapping(root, "", origin);
  }

  // Only `defaults:`, `registry:` and `plugins:` of rtml.yaml are configuration; core/project reads
  // the rest.
  void merge_project(const std::filesystem::path& root, bool trusted) {
    project_trusted_ = trusted;
    for (const yaml::Node& document : parse_file(root / kProjectFile, std::string(kProjectFile))) {
      const yaml::Node* defaults = document.find("defaults");
      if (defaults != nullptr) merge_mapping(*defaults, "", Origin::kProject);
      if (const yaml::Node* plugins = document.find("plugins"); plugins && !plugins->is_null()) {
        merge_value(*find_key("plugin.paths"), *plugins, Origin::kProject);
      }
      if (const yaml::Node* registry = document.find("registry")) merge_registry(*registry);
      if (const yaml::Node* plugins = document.find("plugins")) {
        merge_value(*find_key("plugin.paths"), *plugins, Origin::kProject);
      }
    }
  }

  void merge_environment() {
    for (const KeySpec& key : key_table()) {
      const std::string name(key.environment);
      if (const auto text = environment_.get_non_empty(name)) {
        set(key, *text, Origin::kEnvironment, name, nullptr);
      }
    }
  }

  void merge_flags(std::span<const std::string> flags) {
    for (const std::string& flag : flags) {
      const std::size_t equals = flag.find('=');
      if (equals == std::string::npos) {
        errors_.push_back(Error(ErrorCode::kUsage, "--set needs KEY=VALUE: \"" + flag + "\""));
        continue;
      }
      const std::string name = flag.substr(0, equals);
      const KeySpec* key = find_key(name);
      if (key == nullptr) {
        errors_.push_back(unknown(name));
      } else {
        set(*key, flag.substr(equals + 1), Origin::kFlag, "--set", nullptr);
      }
    }
  }

  Status status() && {
    if (errors_.empty()) return {};
    return fail(Error::many(std::move(errors_)));
  }

 private:
  std::vector<yaml::Node> parse_file(const std::filesystem::path& file, const std::string& name) {
    const auto text = read_file(file);
    if (!text) {
      if (text.error().code() != ErrorCode::kNotFound) errors_.push_back(text.error());
      return {};
    }
    auto documents = yaml::parse(*text, name, environment_);
    if (documents) return std::move(*documents);
    errors_.push_back(std::move(documents).error());
    return {};
  }

  static Error unknown(const std::string& name) {
    return Error(ErrorCode::kUnknownKey,
                 "unknown configuration key: \"" + name + "\"" + nearest_key_hint(name))
        .with_help("\"rtml config show\" lists the keys");
  }

  // A mapping under a prefix of keys continues it: `registry: {directory: x}`.
  void merge_mapping(const yaml::Node& node, const std::string& prefix, Origin origin) {
    if (node.is_null()) return;
    if (!node.is_mapping()) {
      errors_.push_back(
          Error(ErrorCode::kWrongType, (prefix.empty() ? std::string("configuration") : prefix) +
                                           " must be a mapping, not " +
                                           std::string(yaml::describe(node.kind())))
              .at(node.location()));
      return;
    }
    for (const auto& member : node.members()) {
      const std::string name =
          prefix.empty() ? member.key.text() : prefix + "." + member.key.text();
      if (const KeySpec* key = find_key(name)) {
        merge_value(*key, member.value, origin);
      } else if (is_section(name) && (member.value.is_mapping() || member.value.is_null())) {
        merge_mapping(member.value, name, origin);
      } else {
        errors_.push_back(unknown(name).at(member.key.location()));
      }
    }
  }

  static bool is_section(const std::string& name) {
    const auto keys = key_table();
    return std::any_of(keys.begin(), keys.end(),
                       [&](const KeySpec& key) { return key.name.starts_with(name + "."); });
  }

  void merge_value(const KeySpec& key, const yaml::Node& node, Origin origin) {
    const SourceLocation location = node.location();
    std::string text;
    const bool wants_list = key.type == ValueType::kPathList;
    if (wants_list && node.is_sequence()) {
      for (const yaml::Node& item : node.items()) {
        if (!item.is_scalar()) return refuse_type(key, item);
        text += (text.empty() ? "" : ":") + item.text();
      }
    } else if (node.is_scalar()) {
      text = node.text();
    } else {
      return refuse_type(key, node);
    }
    set(key, text, origin, where_in(location), &location);
  }

  void refuse_type(const KeySpec& key, const yaml::Node& node) {
    errors_.push_back(Error(ErrorCode::kWrongType, std::string(key.name) + " must be a " +
                                                       std::string(to_string(key.type)) + ", not " +
                                                       std::string(yaml::describe(node.kind())))
                          .at(node.location()));
  }

  // `registry: DIR/registry.db` names the file; the key names its directory.
  void merge_registry(const yaml::Node& node) {
    if (!node.is_scalar() || node.is_null()) return;  // core/project says what is wrong with it.
    const std::filesystem::path file = node.text();
    const SourceLocation location = node.location();
    if (file.filename() != "registry.db") {
      errors_.push_back(
          Error(ErrorCode::kBadValue,
                "the registry's file must be named registry.db: \"" + node.text() + "\"")
              .at(location));
      return;
    }
    const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
    set(*find_key("registry.directory"), directory, Origin::kProject, where_in(location),
        &location);
  }

  void set(const KeySpec& key, const std::string& text, Origin origin, const std::string& where,
           const SourceLocation* location) {
    const auto add = [&](Error error) {
      errors_.push_back(location != nullptr ? std::move(error).at(*location) : std::move(error));
    };
    if (origin == Origin::kProject && key.trust == Trust::kTrustedProject && !project_trusted_) {
      return add(Error(ErrorCode::kUntrusted,
                       "a project may not set this unless its directory is trusted: " +
                           std::string(key.name))
                     .with_help("if you trust its authors, run: rtml config trust " +
                                config_.project_root_.string()));
    }
    if (auto valid = check_value(key, text); !valid) {
      // In a file the place says where; elsewhere the message must.
      if (location != nullptr) return add(std::move(valid).error());
      return add(std::move(valid).error().with_context(where));
    }
    Setting& setting = config_.settings_[static_cast<std::size_t>(&key - key_table().data())];
    setting = {&key, text, origin, where};
  }

  Config& config_;
  const Environment& environment_;
  bool project_trusted_ = false;
  std::vector<Error> errors_;
};

std::string_view to_string(Origin origin) {
  static constexpr std::string_view kNames[] = {"default", "system",      "user",
                                                "project", "environment", "flag"};
  return kNames[static_cast<std::size_t>(origin)];
}

Places Places::of(const Environment& environment, std::filesystem::path project_root) {
  Places places;
  places.system_file =
      environment.get_non_empty("RTML_SYSTEM_CONFIG").value_or("/etc/rtml/config.yaml");
  const auto user = user_directory(environment);
  if (!user.empty()) places.user_file = user / "config.yaml";
  places.project_root = std::move(project_root);
  return places;
}

Result<Config> Config::load(const Places& places, const Environment& environment,
                            std::span<const std::string> flags) {
  Config config;
  config.project_root_ = places.project_root;
  Merger merger(config, environment);
  if (!places.system_file.empty()) merger.merge_file(places.system_file, Origin::kSystem);
  if (!places.user_file.empty()) merger.merge_file(places.user_file, Origin::kUser);
  if (!places.project_root.empty()) {
    RTML_TRY_ASSIGN(const auto trusted, TrustedDirectories::load(environment));
    merger.merge_project(places.project_root, trusted.contains(places.project_root));
  }
  merger.merge_environment();
  merger.merge_flags(flags);
  RTML_TRY(std::move(merger).status());
  return config;
}

const Setting& Config::setting(std::string_view name) const {
  return settings_[static_cast<std::size_t>(find_key(name) - key_table().data())];
}

const std::string& Config::text(std::string_view name) const {
  return setting(name).text;
}

std::int64_t Config::duration_us(std::string_view name) const {
  return parse_duration(setting(name).text).value_or(0);
}

std::filesystem::path Config::absolute(const std::string& text) const {
  return (project_root_ / text).lexically_normal();
}

std::filesystem::path Config::path(std::string_view name) const {
  return absolute(setting(name).text);
}

std::vector<std::filesystem::path> Config::paths(std::string_view name) const {
  std::vector<std::filesystem::path> paths;
  for (const std::string& item : split_list(setting(name).text)) paths.push_back(absolute(item));
  return paths;
}

}  // namespace rtml::config
