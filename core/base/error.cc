#include "core/base/error.h"

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
