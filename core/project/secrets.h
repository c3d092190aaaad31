// What a project says of secrets: none stands in its files, and whoever may read its directory must
// not be led by it to send one away. A project found in a checkout could name a server of its own
// and ${AWS_SECRET_ACCESS_KEY}, or password_file: ~/.netrc; so the options of a store or a stream
// read the environment or a file of a secret only where the user trusts the project's directory, as
// plugins are loaded.

#pragma once

#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/yaml/node.h"

namespace rtml::project {

// Adds an error for each value of `options` that is a secret itself: of a key that is called
// password, secret, token or the like, and no ${VAR}. The value is not shown.
void check_secrets(const yaml::Node& options, std::vector<Error>& errors);

// Where `options` first read the environment (${VAR}, password_env) or a file of a secret
// (password_file); nothing if they do not.
std::optional<SourceLocation> place_of_secret(const yaml::Node& options);

}  // namespace rtml::project
