// Options of a store on a server, taken out of their JSON one by one: what is left at the end is
// unknown. `store` is what the messages call the store: "redis".

#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "core/base/time.h"

namespace rtml::plugins {

inline Error bad_option(std::string what, std::string help = {}) {
  Error error(ErrorCode::kBadValue, std::move(what));
  if (help.empty()) return error;
  return std::move(error).with_help(std::move(help));
}

// Removes an option and returns it; null where it is absent.
inline Json take(Json& options, const char* key) {
  const auto found = options.find(key);
  if (found == options.end()) return nullptr;
  Json value = std::move(*found);
  options.erase(found);
  return value;
}

// "" where it is absent. Fails with kBadValue where it is no text or an empty one.
inline Result<std::string> take_text(Json& options, const char* key, const std::string& store) {
  const Json value = take(options, key);
  if (value.is_null()) return std::string();
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
    return value.get<std::string>();
  }
  return fail(bad_option("option of " + store + " must be a text: " + key));
}

// The password, which password, password_env or password_file gives; "" where none does.
inline Result<std::string> take_password(Json& options, const std::string& store) {
  constexpr std::size_t kBytesMax = 4'096;
  RTML_TRY_ASSIGN(std::string given, take_text(options, "password", store));
  RTML_TRY_ASSIGN(const std::string variable, take_text(options, "password_env", store));
  RTML_TRY_ASSIGN(const std::string path, take_text(options, "password_file", store));
  if (int{!given.empty()} + int{!variable.empty()} + int{!path.empty()} > 1) {
    return fail(
        bad_option(store + " takes one of the options: password, password_env, password_file"));
  }
  if (!variable.empty()) {
    const char* const value = std::getenv(variable.c_str());
    if (value != nullptr && *value != '\0') return std::string(value);
    return fail(
        bad_option("environment variable of " + store + "' password is not set: " + variable));
  }
  if (path.empty()) return given;
  RTML_TRY_ASSIGN(std::string password, read_file(path, kBytesMax));
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  if (!password.empty()) return password;
  return fail(bad_option("file of " + store + "' password is empty: " + path));
}

// A duration above zero; `otherwise_us` where it is absent.
inline Result<std::int64_t> take_timeout(Json& options, const std::string& store,
                                         std::int64_t otherwise_us) {
  RTML_TRY_ASSIGN(const std::string timeout, take_text(options, "timeout", store));
  if (timeout.empty()) return otherwise_us;
  RTML_TRY_ASSIGN(const std::int64_t timeout_us, parse_duration(timeout));
  if (timeout_us > 0) return timeout_us;
  return fail(bad_option("option of " + store + " must be positive: timeout"));
}

}  // namespace rtml::plugins
