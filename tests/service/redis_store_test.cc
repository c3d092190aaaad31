#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/base/json.h"
#include "plugins/storage/redis/slots.h"
#include "tests/service/fallback_load.h"
#include "tests/service/online_servers.h"
#include "tests/service/online_store_checks.h"
#include "tests/service/start_or_skip.h"
#include "tests/unit/online/idle_entities.h"

namespace rtml {
namespace {

Json options_of(const test::RedisServer& server) {
  return {{"address", server.address()}};
}

TEST_CASE("redis: slots of keys") {
  // The cluster specification's own value, and slots that redis-server gives (CLUSTER KEYSLOT).
  CHECK(redis::crc16("123456789") == 0x31C3);
  CHECK(redis::slot_of("somekey") == 11058);
  CHECK(redis::slot_of("foo{hash_tag}") == 2515);
  CHECK(redis::slot_of("foo{}{bar}") == redis::crc16("foo{}{bar}") % redis::kSlots);
  CHECK(redis::slot_of("foo{{bar}}zap") == redis::slot_of("{bar"));
  CHECK(redis::slot_of("foo{bar}{zap}") == redis::slot_of("bar"));
}

TEST_CASE("redis: one server keeps the contract") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::check_conformance_of("redis", options_of(server), directory);
}

TEST_CASE("redis: a cluster keeps the contract") {
  const test::TemporaryDirectory directory;
  test::RedisCluster cluster(directory.path());
  START_OR_SKIP(cluster);
  test::check_conformance_of("redis", cluster.options(), directory);
  CHECK(!test::open_store("redis", cluster.options())->commits_atomically());
}

TEST_CASE("redis: a server over TLS keeps the contract, one that is not trusted is refused") {
  const test::TemporaryDirectory directory;
  if (!test::make_certificates(directory.path())) {
    MESSAGE("skipped: openssl is not installed");
    return;
  }
  const auto path = [&](const char* name) { return (directory / name).string(); };
  const std::uint16_t port = test::free_port();
  test::RedisServer server(
      directory / "redis",
      {"--tls-port", std::to_string(port), "--tls-cert-file", path("server.pem"), "--tls-key-file",
       path("server.key"), "--tls-ca-cert-file", path("ca.pem"), "--tls-auth-clients", "yes"});
  START_OR_SKIP(server);
  Json options = {
      {"address", "127.0.0.1:" + std::to_string(port)},
      {"tls", {{"ca", path("ca.pem")}, {"cert", path("server.pem")}, {"key", path("server.key")}}}};
  test::check_conformance_of("redis", options, directory);

  options["tls"] = true;
  const auto stranger = test::open_store("redis", options)->get_groups({"a"}, {});
  REQUIRE(!stranger);
  CHECK(stranger.error().message().find("certificate is not trusted") != std::string::npos);
  options["tls"] = {{"ca", path("ca.pem")}, {"server_name", "other.example"}};
  const auto other = test::open_store("redis", options)->get_groups({"a"}, {});
  REQUIRE(!other);
  CHECK(other.error().message().find("mismatch") != std::string::npos);
  const auto plain = test::open_store("redis", {{"address", server.address()}, {"tls", true}})
                         ->get_groups({"a"}, test::within_us(kSecond));
  CHECK(!plain);
}

TEST_CASE("redis: what is wrong is said") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  const auto error_of = [&](const Json& options) {
    return test::open_store("redis", options)->get_groups({"a"}, {}).error();
  };
  server.command("config set requirepass topsecret");
  CHECK(error_of(options_of(server)).id() == "RT0107");
  REQUIRE(write_file(directory / "wrong", "nonsense\n"));
  REQUIRE(write_file(directory / "right", "topsecret\n"));
  Json options = options_of(server);
  options["password_file"] = (directory / "wrong").string();
  const Error wrong = error_of(options);
  CHECK(wrong.id() == "RT0107");
  CHECK(wrong.message().find("nonsense") == std::string::npos);
  options["password_file"] = (directory / "right").string();
  const auto store = test::open_store("redis", options);
  REQUIRE(test::commit_step(*store, 1));

  server.command("-a topsecret config set maxmemory 1");
  const Status full = test::commit_step(*store, 2);
  REQUIRE(!full);
  CHECK(full.error().id() == "RT0606");
  CHECK(full.error().message().find("OOM") != std::string::npos);
  CHECK(test::read_steps(*store).a == 1);

  auto host = test::service_host();
  CHECK(host.online_store("redis", {{"adress", "x"}}).error().id() == "RT0107");
  CHECK(host.online_store("redis", {{"password", "x"}, {"password_env", "HOME"}}).error().id() ==
        "RT0107");
}

TEST_CASE("redis: a server that is away comes back") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::check_restart(*test::open_store("redis", options_of(server)), server);
}

TEST_CASE("redis: a server that stands still costs the deadline") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::check_slow_server(*test::open_store("redis", options_of(server)), server);
}

TEST_CASE("redis: a server killed in the middle of commits leaves whole ones") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::check_kills(*test::open_store("redis", options_of(server)), server, 10);
}

TEST_CASE("redis: scripts that the server has forgotten are loaded again") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  const auto store = test::open_store("redis", options_of(server));
  REQUIRE(test::commit_step(*store, 1));
  server.command("script flush");
  CHECK(test::commit_step(*store, 2));
  CHECK(test::read_steps(*store).position == 2);
}

TEST_CASE("redis: a server that came back without its latest commit is noticed, once") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  const auto store = test::open_store("redis", options_of(server));
  REQUIRE(test::commit_step(*store, 1));
  const std::string key = server.command("--raw keys '*s:part/position'");
  const std::string token = server.command("--raw hget " + key + " n");
  REQUIRE(test::commit_step(*store, 2));
  server.command("hset " + key + " n " + token);  // As after a restart from an older log.
  const Status lost = test::commit_step(*store, 3);
  REQUIRE(!lost);
  CHECK(lost.error().code() == ErrorCode::kEpochStale);
  CHECK(test::commit_step(*store, 3));
}

TEST_CASE("redis: a commit in many parts is one") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  const auto store = test::open_store("redis", options_of(server));
  constexpr int kGroups = 3'000;
  for (std::uint64_t epoch = 1; epoch <= 2; ++epoch) {
    auto transaction = store->begin("many", epoch, {});
    REQUIRE(transaction);
    for (int i = 0; i < kGroups; ++i) {
      REQUIRE((*transaction)->put("many/" + std::to_string(i), "m", std::string(2'000, 'x')));
    }
    // One that is refused changes nothing, however many parts it has.
    if (epoch == 2) REQUIRE((*store->begin("many", 3, {}))->commit());
    CHECK((*transaction)->commit().has_value() == (epoch == 1));
    if (epoch == 1) {
      REQUIRE((*store->begin("many", 1, {}))->commit());
      auto clear = store->begin("many", 1, {});
      for (int i = 0; i < kGroups; ++i) {
        REQUIRE((*clear)->remove_group("many/" + std::to_string(i)));
      }
      CHECK(store->list("many/", "", 10'000, {})->size() == kGroups);
      REQUIRE((*clear)->commit());
    }
  }
  CHECK(store->list("many/", "", 10'000, {})->empty());
}

TEST_CASE("redis: a group is forgotten at its time, its name too") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  const auto store = test::open_store("redis", options_of(server));
  auto transaction = store->begin("scope", 1, {});
  REQUIRE(transaction);
  REQUIRE((*transaction)->put("e/soon", "m", "1"));
  REQUIRE((*transaction)->expire("e/soon", system_clock().now_us() + 300'000));
  REQUIRE((*transaction)->put("e/never", "m", "1"));
  REQUIRE((*transaction)->commit());
  CHECK(store->list("e/", "", 10, {}).value() == std::vector<std::string>{"e/never", "e/soon"});
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK(store->list("e/", "", 10, {}).value() == std::vector<std::string>{"e/never"});
  CHECK(store->scan("e/", "", 10, {})->size() == 1);
  // Put again, it has no expiry.
  transaction = store->begin("scope", 1, {});
  REQUIRE((*transaction)->put("e/soon", "m", "2"));
  REQUIRE((*transaction)->commit());
  CHECK(store->list("e/", "", 10, {})->size() == 2);
}

TEST_CASE("redis: a node of a cluster killed in the middle of commits leaves whole groups") {
  const test::TemporaryDirectory directory;
  test::RedisCluster cluster(directory.path());
  START_OR_SKIP(cluster);
  const auto store = test::open_store("redis", cluster.options());
  for (std::size_t node = 0; node < 3; ++node) test::check_kills(*store, cluster.node(node), 2);
}

TEST_CASE("redis: keys that move to another node are followed") {
  const test::TemporaryDirectory directory;
  test::RedisCluster cluster(directory.path());
  START_OR_SKIP(cluster);
  const auto store = test::open_store("redis", cluster.options());
  REQUIRE(test::commit_step(*store, 1));

  // part/a is in some bucket; its slot goes from its node to the next one.
  const std::string keys = cluster.node(0).command("--raw -c keys '*part/a'") + "\n" +
                           cluster.node(1).command("--raw keys '*part/a'") + "\n" +
                           cluster.node(2).command("--raw keys '*part/a'");
  const auto start = keys.find("rtml:");
  REQUIRE(start != std::string::npos);
  const std::string key = keys.substr(start, keys.find('\n', start) - start);
  const int slot = redis::slot_of(key);
  const std::size_t from = slot <= 5460 ? 0 : slot <= 10922 ? 1 : 2;
  const std::size_t to = (from + 1) % 3;
  const std::string setslot = "cluster setslot " + std::to_string(slot);
  cluster.node(to).command(setslot + " importing " + cluster.id(from));
  cluster.node(from).command(setslot + " migrating " + cluster.id(to));
  const std::string all =
      cluster.node(from).command("--raw cluster getkeysinslot " + std::to_string(slot) + " 100");
  std::string names = all;
  std::replace(names.begin(), names.end(), '\n', ' ');
  CHECK(cluster.node(from).command("migrate 127.0.0.1 " + std::to_string(cluster.node(to).port()) +
                                   " \"\" 0 5000 keys " + names) == "OK");
  CHECK(test::read_steps(*store).a == 1);  // By ASK.
  for (const std::size_t node : {to, from, 3 - to - from}) {
    cluster.node(node).command(setslot + " node " + cluster.id(to));
  }
  CHECK(test::read_steps(*store).a == 1);  // By MOVED.
  CHECK(test::commit_step(*store, 2));
  CHECK(test::read_steps(*store).a == 2);
}

// Runs rtml in a directory; what it prints.
std::string run_rtml(const std::filesystem::path& directory, const std::string& words) {
  const std::string command = "cd " + directory.string() + " && HOME=" + directory.string() + " " +
                              std::string(std::getenv("RTML_BINARY_DIR")) + "/bin/rtml " + words +
                              " 2>&1";
  std::string text;
  FILE* const output = ::popen(command.c_str(), "r");
  REQUIRE(output != nullptr);
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, output)) {
    text.append(buffer, size);
  }
  REQUIRE_MESSAGE(::pclose(output) == 0, words, ": ", text);
  return text;
}

TEST_CASE("redis: a cluster is streamed into, and anew from the beginning") {
  const test::TemporaryDirectory directory;
  test::RedisCluster cluster(directory.path());
  START_OR_SKIP(cluster);
  const std::filesystem::path project = directory / "project";
  std::filesystem::create_directories(project / "features");
  const Json store = {
      {"type", "redis"}, {"addresses", cluster.options()["addresses"]}, {"cluster", true}};
  REQUIRE(write_file(project / "rtml.yaml",
                     "format: 1\nname: cards\nstores: {online: " + store.dump() + "}\n"));
  REQUIRE(write_file(project / "features/cards.yaml",
                     "kind: source\nname: payments\n"
                     "stream: {type: file, path: events.jsonl, batch_rows: 100}\n"
                     "timestamp: t\nid: id\n"
                     "columns: {id: INT64, card: INT64, amount: DOUBLE}\n---\n"
                     "kind: feature_view\nname: cards\nentities: [card]\nsource: payments\n"
                     "features:\n"
                     "  - {name: n, type: INT64, aggregate: count, window: 30d}\n"
                     "  - {name: s, type: DOUBLE, aggregate: sum(amount), window: 30d}\n"));
  std::string events;
  for (int i = 0; i < 3'000; ++i) {
    events += Json{{"id", i},
                   {"t", format_timestamp((1'700'000'000LL + i * 60) * kSecond)},
                   {"card", i % 40},
                   {"amount", i * 0.25}}
                  .dump() +
              "\n";
  }
  REQUIRE(write_file(project / "events.jsonl", events));
  const std::string get =
      "feature get cards --entity card=7 --entity card=8 --at 2023-11-17T00:00:00Z";
  run_rtml(project, "stream run cards");
  const std::string values = run_rtml(project, get);
  CHECK(values.find("PRESENT") != std::string::npos);
  const std::string again = run_rtml(project, "stream run cards --from-beginning --output json");
  CHECK(parse_json(again, "the report")->value("messages", 0) == 3'000);
  CHECK(run_rtml(project, get) == values);

  // Ended when only the position was forgotten: what is left skips what it has seen.
  const auto store_of = test::open_store("redis", cluster.options());
  const auto positions = store_of->list("part/", "", 10, {});
  REQUIRE(positions);
  REQUIRE(positions->size() == 1);
  const auto epoch = static_cast<std::uint64_t>(system_clock().now_us());
  const auto transaction = store_of->begin(positions->front(), epoch, test::within_us(kSecond));
  REQUIRE_MESSAGE(transaction.has_value(), transaction.error().message());
  REQUIRE((*transaction)->remove_group(positions->front()));
  REQUIRE((*transaction)->commit());
  const std::string rest = run_rtml(project, "stream run cards --output json");
  CHECK(parse_json(rest, "the report")->value("messages", 0) == 3'000);
  CHECK(run_rtml(project, get) == values);
}

TEST_CASE("redis: entities that get no more events become small and read as before") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::check_idle_entities(*test::open_store("redis", options_of(server)));
}

TEST_CASE("redis: entities of a cluster that get no more events become small") {
  const test::TemporaryDirectory directory;
  test::RedisCluster cluster(directory.path());
  START_OR_SKIP(cluster);
  test::check_idle_entities(*test::open_store("redis", cluster.options()));
}

TEST_CASE("redis: a store that goes away under load is answered for by its fallback") {
  const test::TemporaryDirectory directory;
  test::RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  test::FallbackLoad load(options_of(server), {{"path", (directory / "second").string()}});
  load.start(2);
  CHECK(load.wait_for(true));
  server.kill();
  CHECK(load.wait_for(false));
  REQUIRE(server.start());
  CHECK(load.wait_for(true));
  server.pause();
  CHECK(load.wait_for(false));
  server.resume();
  CHECK(load.wait_for(true));
  load.stop();
}

}  // namespace
}  // namespace rtml
