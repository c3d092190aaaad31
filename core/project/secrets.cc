#include "core/project/secrets.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

namespace rtml::project {
namespace {

using yaml::Node;

constexpr std::string_view kSecretWords[] = {"password", "passphrase", "secret", "token",
                                             "credential"};

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return small;
}

bool names_secret(std::string_view key) {
  const std::string small = in_small_letters(key);
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                     [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

// Keys that say where a secret is, and that its value is none.
bool names_place(std::string_view key) {
  return key.ends_with("_env") || key.ends_with("_file");
}

}  // namespace

void check_secrets(const Node& options, std::vector<Error>& errors) {
  for (const Node& item : options.items()) check_secrets(item, errors);
  for (const Node::Member& member : options.members()) {
    const std::string& key = member.key.text();
    if (!member.value.is_scalar()) {
      check_secrets(member.value, errors);
    } else if (names_secret(key) && !names_place(key) && !member.value.is_interpolated() &&
               !member.value.is_null()) {
      SourceLocation place = member.key.location();
      place.line_text.clear();  // The secret stands in it.
      errors.push_back(
          Error(ErrorCode::kBadValue, "a secret has no place in a project file: " + key)
              .at(std::move(place))
              .with_help("let a variable of the environment hold it, as \"${VAR}\", or name where "
                         "it is with " +
                         key + "_env or " + key + "_file where the backend takes them"));
    }
  }
}

std::optional<SourceLocation> place_of_secret(const Node& options) {
  if (options.is_scalar()) {
    return options.is_interpolated() ? std::optional(options.location()) : std::nullopt;
  }
  for (const Node& item : options.items()) {
    if (const auto place = place_of_secret(item)) return place;
  }
  for (const Node::Member& member : options.members()) {
    const std::string& key = member.key.text();
    if (key.ends_with("_env") || (names_secret(key) && names_place(key))) {
      return member.key.location();
    }
    if (const auto place = place_of_secret(member.value)) return place;
  }
  return std::nullopt;
}

}  // namespace rtml::project
