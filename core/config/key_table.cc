#include "core/config/key_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/time.h"

namespace rtml::config {
namespace {

constexpr std::string_view kDirtyPolicies[] = {"allow", "warn", "refuse"};

constexpr std::string_view kStoreChoices[] = {"primary", "fallback"};

constexpr KeySpec kKeys[] = {
    {"lineage.dirty", ValueType::kChoice, "warn", "RTML_LINEAGE_DIRTY", Trust::kAnywhere,
     kDirtyPolicies, "What a change does when the git tree has uncommitted changes"},
    {"online.store", ValueType::kChoice, "primary", "RTML_ONLINE_STORE", Trust::kAnywhere,
     kStoreChoices,
     "Which online store commands work on: the project's own, or its fallback, to fill it"},
    {"plugin.paths",
     ValueType::kPathList,
     "",
     "RTML_PLUGIN_PATHS",
     Trust::kTrustedProject,
     {},
     "Directories with plugins beside those of the installation"},
    {"registry.actor",
     ValueType::kText,
     "",
     "RTML_REGISTRY_ACTOR",
     Trust::kAnywhere,
     {},
     "Who the event log names as author of a change; empty: the user and host, or the CI's actor"},
    {"registry.directory",
     ValueType::kPath,
     ".rtml",
     "RTML_REGISTRY_DIRECTORY",
     Trust::kAnywhere,
     {},
     "Where the registry and its artifacts are"},
    {"registry.lock_timeout",
     ValueType::kDuration,
     "10s",
     "RTML_REGISTRY_LOCK_TIMEOUT",
     Trust::kAnywhere,
     {},
     "How long to wait for other processes that change the registry"},
};

}  // namespace

std::span<const KeySpec> key_table() {
  return kKeys;
}

const KeySpec* find_key(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                         [&](const KeySpec& key) { return key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string nearest_key_hint(std::string_view name) {
  std::vector<std::string> names;
  for (const KeySpec& key : kKeys) {
    names.emplace_back(key.name);
    names.emplace_back(key.name.substr(0, key.name.find('.')));  // A section of a file.
  }
  return did_you_mean(name, names);
}

Status check_value(const KeySpec& key, std::string_view text) {
  const auto refuse = [&](const std::string& wanted) {
    return fail(Error(ErrorCode::kBadValue,
                      "bad value for " + std::string(key.name) + ": \"" + std::string(text) + "\"")
                    .with_help(std::string(key.name) + " takes " + wanted));
  };
  switch (key.type) {
    case ValueType::kText:
    case ValueType::kPathList:
      return {};
    case ValueType::kPath:
      return text.empty() ? Status(refuse("a path")) : Status();
    case ValueType::kDuration:
      return parse_duration(text) ? Status() : refuse("a duration such as 90s, 1h30m or 7d");
    case ValueType::kChoice:
      break;
  }
  if (std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) return {};
  return refuse("one of " + text_list(key.choices));
}

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return "text";
    case ValueType::kChoice:
      return "choice";
    case ValueType::kDuration:
      return "duration";
    case ValueType::kPath:
      return "path";
    case ValueType::kPathList:
      return "list of paths";
  }
  return "";
}

}  // namespace rtml::config
