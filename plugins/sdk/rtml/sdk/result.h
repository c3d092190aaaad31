// What a plugin's functions return: a value, or an error with a status of rtml_plugin.h.
//
// Plugin code may throw; the tables in tables.h turn whatever leaves a function into an error.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "rtml/rtml_plugin.h"

namespace rtml::sdk {

struct Error {
  rtml_status status = RTML_STATUS_FAILED;
  std::string message;  // The operation, then the value: "cannot open table: data/a.csv".
  std::string help;     // What to do about it; may be empty.
  std::string file;     // The file to open, with line and column from 1; may be empty.
  std::int64_t line = 0;
  std::int64_t column = 0;
  bool retryable = false;  // The same call may succeed later.
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // A pointer to a class for a pointer to its base.
  template <typename From>
    requires(std::is_convertible_v<From, T> && !std::is_same_v<From, T>)
  Result(From value) : state_(std::in_place_index<0>, std::move(value)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  // REQUIRES: has_value().
  T& operator*() { return *std::get_if<0>(&state_); }
  const T& operator*() const { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  // REQUIRES: !has_value().
  Error& error() { return *std::get_if<1>(&state_); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  // REQUIRES: !has_value().
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

inline Error fail(rtml_status status, std::string message, std::string help = {}) {
  Error error;
  error.status = status;
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

}  // namespace rtml::sdk

#define RTML_SDK_CONCATENATE_INNER(a, b) a##b
#define RTML_SDK_CONCATENATE(a, b) RTML_SDK_CONCATENATE_INNER(a, b)

// Returns the error of a Status or Result from the enclosing function, if it has one.
#define RTML_SDK_TRY(expression)                                 \
  do {                                                           \
    if (auto rtml_sdk_status = (expression); !rtml_sdk_status) { \
      return std::move(rtml_sdk_status.error());                 \
    }                                                            \
  } while (false)

#define RTML_SDK_TRY_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result) return std::move(result.error());                   \
  declaration = std::move(*result)

// Declares or assigns the value of a Result, or returns its error from the enclosing function.
#define RTML_SDK_TRY_ASSIGN(declaration, expression)                                       \
  RTML_SDK_TRY_ASSIGN_INNER(RTML_SDK_CONCATENATE(rtml_sdk_result_, __LINE__), declaration, \
                            expression)
