#include "core/yaml/interpolate.h"

#include <algorithm>

namespace rtml::yaml {
namespace {

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// The value of what stands between "${" and "}".
Result<std::string> evaluate(std::string_view inside, const Environment& environment) {
  const std::size_t separator = inside.find(":-");
  const std::string name(inside.substr(0, separator));
  if (!is_variable_name(name)) {
    return fail(Error(ErrorCode::kBadValue, "not a variable: ${" + std::string(inside) + "}")
                    .with_help("write ${NAME} or ${NAME:-default}, or $${ for a plain ${"));
  }
  if (separator != std::string_view::npos) {
    return environment.get_non_empty(name).value_or(std::string(inside.substr(separator + 2)));
  }
  if (auto value = environment.get(name)) return *value;
  return fail(Error(ErrorCode::kBadValue, "environment variable is not set: " + name)
                  .with_help("set it, or give a default: ${" + name + ":-value}"));
}

}  // namespace

Result<Interpolated> interpolate(std::string_view text, const Environment& environment,
                                 std::size_t* error_position) {
  Interpolated result;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t dollar = text.find('$', position);
    result.text += text.substr(position, dollar - position);
    if (dollar == std::string_view::npos) break;
    position = dollar;
    if (text.substr(position).starts_with("$${")) {
      result.text += "${";
      position += 3;
    } else if (text.substr(position).starts_with("${")) {
      *error_position = position;
      const std::size_t close = text.find('}', position);
      if (close == std::string_view::npos) {
        return fail(Error(ErrorCode::kBadValue, "a ${ is not closed by }")
                        .with_help("write ${NAME} or ${NAME:-default}, or $${ for a plain ${"));
      }
      RTML_TRY_ASSIGN(const std::string value,
                      evaluate(text.substr(position + 2, close - position - 2), environment));
      result.text += value;
      result.used_variable = true;
      position = close + 1;
    } else {
      result.text += '$';
      ++position;
    }
  }
  return result;
}

}  // namespace rtml::yaml
