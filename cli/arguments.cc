#include "cli/command.h"

namespace rtml::cli {
namespace {

// The value under `name` as T, or an empty T that lives as long as the process.
template <typename T, typename Values>
const T& value_or_empty(const Values& values, std::string_view name) {
  static const T empty{};
  const auto found = values.find(name);
  if (found == values.end()) return empty;
  const T* value = std::get_if<T>(&found->second);
  return value != nullptr ? *value : empty;
}

}  // namespace

bool Arguments::has(std::string_view name) const {
  return values_.find(name) != values_.end();
}

bool Arguments::flag(std::string_view name) const {
  return value_or_empty<bool>(values_, name);
}

const std::string& Arguments::text(std::string_view name) const {
  return value_or_empty<std::string>(values_, name);
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
  return value_or_empty<std::vector<std::string>>(values_, name);
}

std::int64_t Arguments::integer(std::string_view name) const {
  return value_or_empty<std::int64_t>(values_, name);
}

double Arguments::number(std::string_view name) const {
  return value_or_empty<double>(values_, name);
}

std::optional<std::string> Arguments::optional_text(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return text(name);
}

std::optional<std::int64_t> Arguments::optional_integer(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return integer(name);
}

}  // namespace rtml::cli
