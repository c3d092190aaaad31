#include "core/base/error.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rtml {

const std::vector<ErrorCodeInfo>& error_code_table() {
  static const std::vector<ErrorCodeInfo> table = {
#define RTML_ERROR(enumerator, code, exit_class, meaning) \
  {ErrorCode::enumerator, code, ExitClass::exit_class, meaning},
#include "core/base/error_codes.inc"
#undef RTML_ERROR
  };
  return table;
}

const ErrorCodeInfo& describe(ErrorCode code) {
  return error_code_table()[static_cast<std::size_t>(code)];
}

Error Error::many(std::vector<Error> errors) {
  // One cause that several checks met is told once.
  const auto is_same = [](const Error& a, const Error& b) {
    const auto place = [](const Error& error) {
      const SourceLocation none;
      const SourceLocation& at = error.location_ ? *error.location_ : none;
      return std::tuple(at.file, at.line, at.column);
    };
    return a.code_ == b.code_ && a.message_ == b.message_ && place(a) == place(b);
  };
  std::vector<Error> distinct;
  for (Error& error : errors) {
    const bool is_known = std::any_of(distinct.begin(), distinct.end(),
                                      [&](const Error& other) { return is_same(other, error); });
    if (!is_known) distinct.push_back(std::move(error));
  }
  errors = std::move(distinct);
  if (errors.size() == 1) return std::move(errors.front());
  Error all(ErrorCode::kManyErrors, std::to_string(errors.size()) + " errors");
  all.parts_ = std::move(errors);
  return all;
}

Error&& Error::with_context(std::string_view context) && {
  message_ = std::string(context) + ": " + message_;
  return std::move(*this);
}

}  // namespace rtml
