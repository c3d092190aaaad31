#include "tests/service/online_servers.h"
#include "tests/service/online_store_checks.h"
#include "tests/service/start_or_skip.h"
#include "tests/unit/online/idle_entities.h"

namespace rtml {
namespace {

// The tables are made with the first use.
#define START_WITH_TABLES_OR_SKIP(server) \
  START_OR_SKIP(server);                  \
  test::read_steps(*test::open_store("postgres", (server).options()))

TEST_CASE("postgres: the store keeps the contract") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  test::check_conformance_of("postgres", server.options(), directory);
}

TEST_CASE("postgres: what is wrong is said") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  const auto error_of = [&](const std::string& key, const Json& value) {
    Json options = server.options();
    options[key] = value;
    return test::open_store("postgres", options)->get_groups({"a"}, {}).error();
  };
  REQUIRE(write_file(directory / "wrong", "nonsense\n"));
  const Error wrong = error_of("password_file", (directory / "wrong").string());
  CHECK(wrong.id() == "RT0107");
  CHECK(wrong.message().find("nonsense") == std::string::npos);
  CHECK(error_of("database", "absent").id() == "RT0107");
  CHECK(error_of("tls", true).id() == "RT0107");
  CHECK(error_of("address", "127.0.0.1:1").id() == "RT0608");
  auto host = test::service_host();
  CHECK(host.online_store("postgres").error().message() ==
        "plugin \"postgres\": postgres needs the option: database");
  Json options = server.options();
  options["schema"] = "a\"b";
  CHECK(host.online_store("postgres", options).error().id() == "RT0107");
}

TEST_CASE("postgres: a server that is away comes back") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  test::check_restart(*test::open_store("postgres", server.options()), server);
}

TEST_CASE("postgres: a server that is killed in the middle of commits leaves whole ones") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  test::check_kills(*test::open_store("postgres", server.options()), server, 3);
}

TEST_CASE("postgres: of those who come first at the same time each gets a store") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  Json options = server.options();
  options["schema"] = "raced";
  std::vector<std::unique_ptr<plugin::OnlineStore>> stores;
  for (int i = 0; i < 4; ++i) stores.push_back(test::open_store("postgres", options));
  std::vector<std::string> problems(stores.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto read = stores[i]->get_groups({"a"}, {});
      if (!read) problems[i] = read.error().message();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& problem : problems) CHECK(problem == "");
}

TEST_CASE("postgres: a transaction that is sent in parts is one") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  const auto store = test::open_store("postgres", server.options());
  constexpr int kGroups = 1'500;
  auto transaction = store->begin("many", 1, {});
  REQUIRE(transaction);
  for (int i = 0; i < kGroups; ++i) {
    REQUIRE((*transaction)->put("many/" + std::to_string(i), "m", std::string(20'000, 'x')));
  }
  CHECK((*transaction)->get("many/0")->size() == 1);
  CHECK((*transaction)->get("many/1499")->size() == 1);
  CHECK(store->list("many/", "", 10, {})->empty());
  REQUIRE((*transaction)->commit());
  CHECK(store->list("many/", "", 10'000, {})->size() == kGroups);
  // One that is given up leaves nothing, neither changes nor locks.
  transaction = store->begin("many", 2, {});
  for (int i = 0; i < kGroups; ++i) {
    REQUIRE((*transaction)->put("more/" + std::to_string(i), "m", std::string(20'000, 'x')));
  }
  transaction->reset();
  CHECK(store->list("more/", "", 10, {})->empty());
  CHECK((*store->begin("many", 1, {}))->commit());
}

TEST_CASE("postgres: a group is forgotten some time after its moment") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  const auto store = test::open_store("postgres", server.options());
  const auto commit = [&](const std::string& group, std::optional<std::int64_t> at_us) {
    auto transaction = store->begin("scope", 1, {});
    REQUIRE(transaction);
    REQUIRE((*transaction)->put(group, "m", "1"));
    if (at_us) REQUIRE((*transaction)->expire(group, *at_us));
    REQUIRE((*transaction)->commit());
  };
  commit("e/kept", {});
  commit("e/later", system_clock().now_us() + 3'600 * kSecond);
  commit("e/now", system_clock().now_us() - 1);
  commit("e/other", system_clock().now_us() + 3'600 * kSecond);
  CHECK(store->list("e/", "", 10, {}).value() ==
        std::vector<std::string>{"e/kept", "e/later", "e/other"});
}

TEST_CASE("postgres: entities that get no more events become small and read as before") {
  const test::TemporaryDirectory directory;
  test::PostgresServer server(directory / "postgres");
  START_WITH_TABLES_OR_SKIP(server);
  test::check_idle_entities(*test::open_store("postgres", server.options()));
}

}  // namespace
}  // namespace rtml
