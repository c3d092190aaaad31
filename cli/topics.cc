#include "cli/topics.h"

#include "core/config/key_table.h"

namespace rtml::cli {

const std::vector<std::pair<std::string, std::string>>& exit_status_table() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"0", "Done"},
      {"1", "Failed, or a check cannot tell"},
      {"2", "The command line, the configuration or the project is wrong"},
      {"3", "A check found something: drift, a failed gate"},
      {"75", "Try again: a lock, a deadline"},
      {"130", "Interrupted; 143 when ended by SIGTERM"},
  };
  return table;
}

std::vector<std::pair<std::string, std::string>> environment_table() {
  std::vector<std::pair<std::string, std::string>> table = {
      {"NO_COLOR", "No colour if set and not empty"},
      {"FORCE_COLOR", "Colour also where the output is no terminal"},
      {"TERM", "\"dumb\": no colour and no line that renews itself"},
      {"XDG_CONFIG_HOME", "Where the user's configuration is, in place of ~/.config"},
      {"RTML_SYSTEM_CONFIG", "The system's configuration, in place of /etc/rtml/config.yaml"},
      {"RTML_TRUSTED_DIRS", "Directories, separated by \":\", that are trusted in this run"},
      {"RTML_TEST_CLOCK", "For tests: a time from which a clock advances 1 ms a read"},
      {"GITHUB_ACTIONS", "\"true\": annotations, a step summary and outputs are written"},
  };
  for (const config::KeySpec& key : config::key_table()) {
    table.emplace_back(key.environment, key.help);
  }
  return table;
}

}  // namespace rtml::cli
