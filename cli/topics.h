// What holds for every command: exit statuses and environment variables, for help, man and docs.

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rtml::cli {

// Status and meaning.
const std::vector<std::pair<std::string, std::string>>& exit_status_table();

// Variable and meaning; those of the configuration keys among them.
std::vector<std::pair<std::string, std::string>> environment_table();

}  // namespace rtml::cli
