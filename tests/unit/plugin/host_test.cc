#include "core/plugin/host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "core/plugin/library.h"
#include "core/plugin/user_plugins.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::PluginHost;
using plugin::PluginInfo;
using test::TemporaryDirectory;

std::filesystem::path broken_plugins() {
  return test::built_plugins().parent_path() / "broken-plugins";
}

// Copies a broken plugin, so that its file may be changed.
std::filesystem::path copy_plugin(const std::string& name, const TemporaryDirectory& directory) {
  for (const char* ending : {".so", ".json"}) {
    std::filesystem::copy_file(broken_plugins() / (name + ending), directory / (name + ending));
    ::chmod((directory / (name + ending)).c_str(), 0644);
  }
  return directory / (name + ".json");
}

TEST_CASE("PluginHost::find: names the nearest plugin and looks nowhere else") {
  PluginHost host({test::built_plugins(), {}});
  CHECK(host.find("file"));
  const auto missing = host.find("lmbd");
  REQUIRE(!missing);
  CHECK(missing.error().id() == "RT0601");
  CHECK(missing.error().message() == "no plugin \"lmbd\" (did you mean \"lmdb\"?)");
  CHECK(host.find("../plugins/file").error().id() == "RT0601");
  const auto table = host.table_store("lmdb");
  REQUIRE(!table);
  CHECK(table.error().message() == "plugin \"lmdb\" has no capability \"table\"");
}

TEST_CASE("PluginPlaces::of: the configuration follows XDG and ignores a relative directory") {
  const auto file_of = [](std::map<std::string, std::string> variables) {
    return plugin::PluginPlaces::of(Environment(std::move(variables))).user_file.string();
  };
  CHECK(file_of({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}) == "/x/rtml/plugins.json");
  CHECK(file_of({{"XDG_CONFIG_HOME", "x"}, {"HOME", "/h"}}) == "/h/.config/rtml/plugins.json");
  CHECK(file_of({}) == "");
}

TEST_CASE("PluginHost: an added plugin is used as long as its bytes are those of its pin") {
  const TemporaryDirectory directory;
  const auto manifest = copy_plugin("failing", directory);
  const auto user_file = directory / "config/plugins.json";
  const auto info = plugin::inspect_plugin(manifest);
  REQUIRE(info);
  REQUIRE(plugin::add_plugin(user_file, *info));
  REQUIRE(plugin::add_plugin(user_file, *info));  // Adding again replaces.
  PluginHost host({test::built_plugins(), user_file});
  const auto plugins = host.list();
  REQUIRE(plugins);
  CHECK(std::count_if(plugins->begin(), plugins->end(),
                      [](const PluginInfo& p) { return p.name == "failing"; }) == 1);
  CHECK(host.table_store("failing"));

  // The file changes after it was added: a host that has not loaded it refuses it.
  std::string bytes = *read_file(directory / "failing.so");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  REQUIRE(write_file(directory / "failing.so", bytes));
  PluginHost later({test::built_plugins(), user_file});
  CHECK(later.table_store("failing").error().id() == "RT0605");

  // A manifest that goes is a problem of that plugin alone.
  std::filesystem::remove(manifest);
  CHECK(later.find("failing").error().id() == "RT0006");
  CHECK(later.find("file"));
}

TEST_CASE("add_development_directory: additions at the same time are all kept") {
  const TemporaryDirectory directory;
  const auto user_file = directory / "config/plugins.json";
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    const auto plugins = directory / ("plugins" + std::to_string(i));
    std::filesystem::create_directory(plugins);
    threads.emplace_back(
        [&user_file, plugins] { CHECK(plugin::add_development_directory(user_file, plugins)); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(plugin::read_user_plugins(user_file)->development.size() == kThreads);
}

TEST_CASE("check_safe: refuses what others can change") {
  const TemporaryDirectory directory;
  const auto inner = directory / "inner";
  std::filesystem::create_directory(inner);
  ::chmod(inner.c_str(), 0755);
  REQUIRE(write_file(inner / "p.so", "x"));
  const auto file = std::filesystem::canonical(inner / "p.so");
  CHECK(plugin::check_safe(file));
  const auto refused = [&](const std::filesystem::path& path, mode_t mode) {
    struct stat before = {};
    ::stat(path.c_str(), &before);
    ::chmod(path.c_str(), mode);
    const Status status = plugin::check_safe(file);
    ::chmod(path.c_str(), before.st_mode & 07777);
    return !status && status.error().id() == "RT0604";
  };
  CHECK(refused(file, 0666));
  CHECK(refused(inner, 0777));
  CHECK(refused(inner, 0757));
  if (::geteuid() == 0) {
    // Only root can give files away.
    CHECK(refused(file, 0664));
    REQUIRE(::chown(file.c_str(), 12'345, static_cast<gid_t>(-1)) == 0);
    CHECK(plugin::check_safe(file).error().id() == "RT0604");
    REQUIRE(::chown(file.c_str(), 0, static_cast<gid_t>(-1)) == 0);
    // Root's sticky directories pass: nobody can replace what is not theirs there.
    ::chmod(inner.c_str(), 01777);
    CHECK(plugin::check_safe(file));
  }
}

TEST_CASE("read_user_plugins: a list that others can write or that makes no sense is refused") {
  const TemporaryDirectory directory;
  const auto file = directory / "plugins.json";
  CHECK(plugin::read_user_plugins(file)->added.empty());
  for (const char* content :
       {"", "[]", "{}", R"({"format": 2})", R"({"format": 1, "plugins": [{}]})",
        R"({"format": 1, "plugins": [{"name": "a", "manifest": "/a", "sha256": "00"}]})",
        R"({"format": 1, "development": [1]})"}) {
    REQUIRE(write_file(file, content));
    const auto read = plugin::read_user_plugins(file);
    CHECK_MESSAGE(!read, content);
  }
  REQUIRE(write_file(file, R"({"format": 1})"));
  CHECK(plugin::read_user_plugins(file));
  ::chmod(file.c_str(), 0666);
  CHECK(plugin::read_user_plugins(file).error().id() == "RT0604");
}

TEST_CASE("host: every rule that an array can break is noticed") {
  const auto info = plugin::inspect_plugin(broken_plugins() / "garbage.json");
  REQUIRE(info);
  PluginHost host({{}, {}});
  host.prefer(*info);
  const auto store = host.table_store("garbage");
  REQUIRE(store);
  const auto scan = [&](const std::string& kind) {
    plugin::ScanRequest request;
    request.path = kind;
    return test::scan_text(**store, request);
  };
  CHECK(scan("fine").starts_with("event_timestamp:TIMESTAMP"));
  const std::map<std::string, std::string> expected = {
      {"offsets", "column \"text\", row 1: offsets that go back"},
      {"negative-offset", "column \"text\", row 0: a negative offset"},
      {"length", "column \"event_timestamp\": 2 values where the table has 3 rows"},
      {"negative-length", "a table of -3 rows"},
      {"huge-length", "column \"class\": a length of 1152921504606846976"},
      {"nulls", "column \"event_timestamp\": 2 nulls without a validity bitmap"},
      {"buffers", "column \"event_timestamp\": 3 buffers instead of 2"},
      {"no-values", "column \"event_timestamp\": no buffer 1"},
      {"children", "a table of 1 columns instead of 9"},
      {"utf8", "column \"text\", row 0: a STRING that is not UTF-8"},
      {"format", "column \"event_timestamp\" has a format that no column has: tdD"},
      {"name", "two columns \"event_timestamp\""},
      {"no-name", "column 2 has no name"},
  };
  for (const auto& [kind, problem] : expected) {
    const std::string outcome = scan(kind);
    CHECK_MESSAGE(outcome.starts_with("RT0607 plugin \"garbage\", scan"), outcome);
    CHECK_MESSAGE(outcome.ends_with(problem), outcome);
  }
}

TEST_CASE("host: every rule that a stream can break is noticed") {
  const auto info = plugin::inspect_plugin(broken_plugins() / "straying.json");
  REQUIRE(info);
  PluginHost host({{}, {}});
  host.prefer(*info);
  const auto store = host.stream_store("straying");
  REQUIRE(store);
  // Reads until an error or the end.
  const auto read = [&](const std::string& breaks) -> std::string {
    auto reader = (*store)->open({{"breaks", breaks}}, {});
    REQUIRE(reader);
    while (true) {
      const auto poll = (*reader)->poll(10, {});
      if (!poll) return poll.error().message();
      if (poll->ended) return "ended";
      if (!poll->assignment_changed) continue;
      const auto partitions = (*reader)->assignment({});
      if (!partitions) return partitions.error().message();
      const Status started = (*reader)->start(0, 0, {});
      if (!started) return started.error().message();
    }
  };
  CHECK(read("nothing") == "ended");
  const std::map<std::string, std::string> expected = {
      {"unstarted", "poll: a message of partition 0, which is not started"},
      {"back", "poll: offset 4 of partition 0 goes back"},
      {"address", "poll: a message at no address"},
      {"limit", "poll: 50000 messages where 10 is the most"},
      {"started", "assignment: partition 0 was never started"},
      {"order", "assignment: partition 0 follows 0"},
  };
  for (const auto& [breaks, problem] : expected) {
    CHECK(read(breaks) == "plugin \"straying\", " + problem);
  }
}

TEST_CASE("host: what a plugin throws and what may pass becomes an error") {
  PluginHost host({{}, {}});
  for (const char* name : {"throwing", "failing"}) {
    const auto info = plugin::inspect_plugin(broken_plugins() / (std::string(name) + ".json"));
    REQUIRE(info);
    host.prefer(*info);
  }
  const auto throwing = host.table_store("throwing");
  REQUIRE(throwing);
  CHECK(test::scan_text(**throwing, {}) == "RT0606 plugin \"throwing\": thrown by next");
  CHECK((*throwing)->schema({}, {}).error().message() ==
        "plugin \"throwing\": an unknown exception");
  const auto failing = host.table_store("failing");
  REQUIRE(failing);
  plugin::ScanRequest request;
  request.path = "later";
  const auto reader = (*failing)->scan(request, {});
  REQUIRE(!reader);
  CHECK(reader.error().exit_class() == ExitClass::kRetry);
  CHECK(reader.error().help() == "ask whoever runs the warehouse");
}

}  // namespace
}  // namespace rtml
