// Runs the conformance suites on a plugin of this build through the real host: one ctest a plugin.
// Usage: conformance_test DIRECTORY NAME [OPTIONS], options as a JSON object

#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "core/plugin/conformance/conformance.h"
#include "core/plugin/host.h"

namespace {

int run(const std::filesystem::path& directory, const std::string& name,
        const std::string& options) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "rtml-conformance-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return 1;
  rtml::plugin::PluginHost host({directory, {}});
  const auto plugin = host.find(name);
  if (!plugin) {
    std::printf("%s\n", plugin.error().message().c_str());
    return 1;
  }
  rtml::plugin::ConformanceSettings settings;
  settings.scratch = pattern;
  if (!options.empty()) {
    const auto parsed = rtml::parse_json(options, "options");
    if (!parsed) return 2;
    settings.options = *parsed;
  }
  const auto checks = rtml::plugin::check_conformance(host, *plugin, settings);
  std::filesystem::remove_all(pattern);
  if (!checks) {
    std::printf("%s\n", checks.error().message().c_str());
    return 1;
  }
  int failed = 0;
  for (const auto& check : *checks) {
    std::printf("%s %s: %s %s\n", check.passed ? "pass" : "FAIL", check.capability.c_str(),
                check.name.c_str(), check.problem.c_str());
    failed += check.passed ? 0 : 1;
  }
  return failed == 0 && !checks->empty() ? 0 : 1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3 && argument_count != 4) return 2;
  return run(arguments[1], arguments[2], argument_count == 4 ? arguments[3] : "");
}
