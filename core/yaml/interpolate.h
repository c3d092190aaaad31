// `${VAR}` in the values of YAML files.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/environment.h"
#include "core/base/result.h"

namespace rtml::yaml {

struct Interpolated {
  std::string text;
  bool used_variable = false;
};

// Replaces `${VAR}` by the variable's value and `${VAR:-default}` by the value or, where the
// variable is unset or empty, by `default`; `$${` stands for a plain `${`. What is put in is not
// looked at again. Fails with kBadValue, and the byte of the text where it went wrong in
// `*error_position`, if a variable without default is unset or the `${` is malformed.
Result<Interpolated> interpolate(std::string_view text, const Environment& environment,
                                 std::size_t* error_position);

}  // namespace rtml::yaml
