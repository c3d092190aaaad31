// Result<T>: a value or an Error. Status: nothing or an Error. Nothing in rtml throws.

#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "core/base/error.h"

namespace rtml {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace rtml

#define RTML_CONCATENATE_INNER(a, b) a##b
#define RTML_CONCATENATE(a, b) RTML_CONCATENATE_INNER(a, b)

// Returns the error of a Status or Result from the enclosing function, if it has one.
#define RTML_TRY(expression)                               \
  do {                                                     \
    if (auto rtml_status = (expression); !rtml_status) {   \
      return ::rtml::fail(std::move(rtml_status).error()); \
    }                                                      \
  } while (false)

#define RTML_TRY_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                  \
  if (!result) return ::rtml::fail(std::move(result).error()); \
  declaration = std::move(*result)

// Declares or assigns the value of a Result, or returns its error from the enclosing function:
//   RTML_TRY_ASSIGN(const Config config, load_config(path));
#define RTML_TRY_ASSIGN(declaration, expression) \
  RTML_TRY_ASSIGN_INNER(RTML_CONCATENATE(rtml_result_, __LINE__), declaration, expression)
