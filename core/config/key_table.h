// The only list of configuration keys. Checks, `config show`, completions and
// docs/configuration.md come out of it.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml::config {

enum class ValueType : std::uint8_t {
  kText,
  kChoice,
  kDuration,
  kPath,      // A relative one is relative to the project's root.
  kPathList,  // A list in a file, separated by ":" elsewhere.
};

// Who may set a key.
enum class Trust : std::uint8_t {
  kAnywhere,
  // Names a program, a library or a credential: a project's file may set it only where the user
  // trusts the project's directory.
  kTrustedProject,
};

struct KeySpec {
  std::string_view name;  // "registry.lock_timeout"
  ValueType type;
  std::string_view default_text;
  std::string_view environment;  // "RTML_REGISTRY_LOCK_TIMEOUT"
  Trust trust;
  std::span<const std::string_view> choices;  // Of a kChoice.
  std::string_view help;                      // One line without full stop.
};

// Every key, in the order of its name.
std::span<const KeySpec> key_table();

// Returns the row of `name`, or null.
const KeySpec* find_key(std::string_view name);

// Returns ` (did you mean "x"?)` for a name that is no key, or an empty text.
std::string nearest_key_hint(std::string_view name);

// Checks a value's form. Fails with kBadValue.
Status check_value(const KeySpec& key, std::string_view text);

std::string_view to_string(ValueType type);

}  // namespace rtml::config
