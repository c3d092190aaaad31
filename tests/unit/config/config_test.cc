#include "core/config/config.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/file_system.h"
#include "core/config/trust.h"
#include "tests/support/temporary_directory.h"

namespace rtml::config {
namespace {

// A system file, a home and a project in a directory of the test's own.
struct Machine {
  test::TemporaryDirectory directory;
  std::map<std::string, std::string> variables = {
      {"HOME", (directory / "home").string()},
      {"RTML_SYSTEM_CONFIG", (directory / "system.yaml").string()}};

  Machine() { write("project/rtml.yaml", "format: 1\nname: shop\n"); }

  void write(const std::string& file, const std::string& text) const {
    REQUIRE(write_file(directory / file, text).has_value());
  }
  Result<Config> load(const std::vector<std::string>& flags = {}) const {
    const Environment environment(variables);
    return Config::load(Places::of(environment, directory / "project"), environment, flags);
  }
  Setting of(const std::string& name, const std::vector<std::string>& flags = {}) const {
    const auto config = load(flags);
    REQUIRE(config.has_value());
    const auto settings = config->settings();
    return *std::find_if(settings.begin(), settings.end(),
                         [&](const Setting& setting) { return setting.key->name == name; });
  }
};

TEST_CASE("key table: rows are sorted, named after their variable, and have valid defaults") {
  const auto keys = key_table();
  CHECK(std::is_sorted(keys.begin(), keys.end(),
                       [](const KeySpec& a, const KeySpec& b) { return a.name < b.name; }));
  for (const KeySpec& key : keys) {
    CAPTURE(key.name);
    std::string variable = "RTML_" + std::string(key.name);
    for (char& c : variable) c = c == '.' ? '_' : static_cast<char>(std::toupper(c));
    CHECK(key.environment == variable);
    CHECK(check_value(key, key.default_text).has_value());
    CHECK(!key.help.ends_with('.'));
  }
}

TEST_CASE("config: each layer wins over the one below and says where it is") {
  Machine machine;
  const std::string key = "registry.lock_timeout";
  CHECK(machine.of(key).text == "10s");
  CHECK(machine.of(key).origin == Origin::kDefault);

  machine.write("system.yaml", "registry:\n  lock_timeout: 1s\n");
  CHECK(machine.of(key).text == "1s");
  CHECK(machine.of(key).origin == Origin::kSystem);
  CHECK(machine.of(key).where == (machine.directory / "system.yaml").string() + ":2:17");

  machine.write("home/.config/rtml/config.yaml", "registry.lock_timeout: 2s\n");
  CHECK(machine.of(key).text == "2s");
  CHECK(machine.of(key).origin == Origin::kUser);

  machine.write("project/rtml.yaml", "format: 1\ndefaults: {registry.lock_timeout: 3s}\n");
  CHECK(machine.of(key).text == "3s");
  CHECK(machine.of(key).where == "rtml.yaml:2:35");

  machine.variables["RTML_REGISTRY_LOCK_TIMEOUT"] = "4s";
  CHECK(machine.of(key).text == "4s");
  CHECK(machine.of(key).where == "RTML_REGISTRY_LOCK_TIMEOUT");

  CHECK(machine.of(key, {"registry.lock_timeout=5s"}).text == "5s");
  CHECK(machine.of(key, {"registry.lock_timeout=5s"}).origin == Origin::kFlag);
}

TEST_CASE("config: XDG_CONFIG_HOME holds the user's file unless it is relative") {
  Machine machine;
  machine.write("xdg/rtml/config.yaml", "lineage: {dirty: refuse}\n");
  machine.write("home/.config/rtml/config.yaml", "lineage: {dirty: allow}\n");
  machine.variables["XDG_CONFIG_HOME"] = (machine.directory / "xdg").string();
  CHECK(machine.of("lineage.dirty").text == "refuse");
  machine.variables["XDG_CONFIG_HOME"] = "xdg";
  CHECK(machine.of("lineage.dirty").text == "allow");
}

TEST_CASE("config: every mistake of every layer is reported at its place") {
  Machine machine;
  machine.write("system.yaml", "registry: {lok_timeout: 3s}\n");
  machine.write("project/rtml.yaml", "defaults:\n  lineage: {dirty: maybe}\n  registry: 3\n");
  machine.variables["RTML_REGISTRY_LOCK_TIMEOUT"] = "soon";
  const auto config = machine.load({"lineage.dirty"});
  REQUIRE(!config);
  const auto& parts = config.error().parts();
  REQUIRE(parts.size() == 5);
  CHECK(parts[0].code() == ErrorCode::kUnknownKey);
  CHECK(parts[0].message().find("registry.lock_timeout") != std::string::npos);
  CHECK(parts[1].code() == ErrorCode::kBadValue);
  CHECK(parts[1].location()->line == 2);
  CHECK(parts[1].location()->column == 20);
  CHECK(parts[2].code() == ErrorCode::kUnknownKey);
  CHECK(parts[3].message().starts_with("RTML_REGISTRY_LOCK_TIMEOUT: "));
  CHECK(parts[4].code() == ErrorCode::kUsage);
}

TEST_CASE("config: a project names libraries only where its directory is trusted") {
  Machine machine;
  machine.write("project/rtml.yaml", "defaults:\n  plugin: {paths: [build/plugins]}\n");
  const auto refused = machine.load();
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kUntrusted);
  CHECK(refused.error().location()->line == 2);

  const auto project = machine.directory / "project";
  REQUIRE(trust_directory(project, Environment(machine.variables)) == true);
  const auto trusted = machine.load();
  REQUIRE(trusted.has_value());
  const auto paths = trusted->paths("plugin.paths");
  REQUIRE(paths.size() == 1);
  CHECK(paths[0] == project / "build/plugins");
  machine.write("project/rtml.yaml", "plugins: [one, /two]\n");
  CHECK(machine.load()->paths("plugin.paths").size() == 2);

  REQUIRE(distrust_directory(project, Environment(machine.variables)) == true);
  CHECK(!machine.load());
  // The user's own file is always trusted.
  machine.write("project/rtml.yaml", "format: 1\n");
  machine.write("home/.config/rtml/config.yaml", "plugin: {paths: [/opt/plugins]}\n");
  CHECK(machine.of("plugin.paths").text == "/opt/plugins");
}

TEST_CASE("config: the registry's directory comes from its file in rtml.yaml") {
  Machine machine;
  machine.write("project/rtml.yaml", "registry: state/registry.db\n");
  CHECK(machine.load()->path("registry.directory") == machine.directory / "project/state");
  machine.write("project/rtml.yaml", "registry: state/other.db\n");
  CHECK(machine.load().error().code() == ErrorCode::kBadValue);
}

}  // namespace
}  // namespace rtml::config
