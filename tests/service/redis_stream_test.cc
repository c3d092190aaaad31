// The streams of the plugin "redis" against a real server.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/file_system.h"
#include "tests/service/online_servers.h"
#include "tests/service/online_store_checks.h"
#include "tests/service/start_or_skip.h"
#include "tests/support/temporary_directory.h"

namespace rtml {
namespace {

using plugin::kBeginning;
using test::RedisServer;
using test::TemporaryDirectory;
using test::within_us;

constexpr std::int64_t kSecondUs = 1'000'000;

Json options_of(const RedisServer& server, const std::string& stream = "events") {
  return {{"address", server.address()}, {"stream", stream}};
}

std::unique_ptr<plugin::StreamReader> open_reader(const Json& options) {
  auto store = test::service_host().stream_store("redis");
  REQUIRE_MESSAGE(store, (store ? "" : store.error().message()));
  auto reader = (*store)->open(options, within_us(5 * kSecondUs));
  REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().message()));
  return std::move(*reader);
}

using Offsets = std::map<std::int32_t, std::int64_t>;

void start(plugin::StreamReader& reader, const Offsets& offsets = {}) {
  const auto partitions = reader.assignment(within_us(kSecondUs));
  REQUIRE(partitions);
  for (const auto& partition : *partitions) {
    const auto offset = offsets.find(partition.partition);
    REQUIRE(reader.start(partition.partition, offset == offsets.end() ? kBeginning : offset->second,
                         within_us(kSecondUs)));
  }
}

// Messages until there are `wanted` or an error; the last offset + 1 of each partition in `next`.
Result<std::vector<std::string>> read(plugin::StreamReader& reader, std::size_t wanted,
                                      Offsets* next = nullptr, std::int64_t limit = 100) {
  std::vector<std::string> messages;
  for (int i = 0; i < 200 && messages.size() < wanted; ++i) {
    RTML_TRY_ASSIGN(const plugin::Poll poll, reader.poll(limit, within_us(kSecondUs / 10)));
    for (const plugin::Message& message : poll.messages) {
      messages.emplace_back(message.bytes);
      if (next != nullptr) (*next)[message.partition] = message.offset + 1;
    }
  }
  return messages;
}

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> made;
  for (int i = from; i < to; ++i) made.push_back(std::to_string(i));
  return made;
}

void add(RedisServer& server, int from, int to, const std::string& stream = "events") {
  for (int i = from; i < to; ++i) {
    server.command("xadd " + stream + " '*' data " + std::to_string(i));
  }
}

}  // namespace

TEST_CASE("redis streams: pass the conformance suite") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  add(server, 0, 4, "one");
  add(server, 4, 7, "two");
  auto host = test::service_host();
  plugin::PluginInfo info = host.find("redis").value();
  info.capabilities = {"stream"};
  plugin::ConformanceSettings settings;
  settings.scratch = directory / "scratch";
  settings.options = {{"address", server.address()},
                      {"streams", {"one", "two"}},
                      {"follow", false},
                      {"group", "watchers"}};
  std::filesystem::create_directories(settings.scratch);
  const auto checks = plugin::check_conformance(host, info, settings);
  REQUIRE(checks);
  CHECK(checks->size() > 5);
  for (const auto& check : *checks) CHECK_MESSAGE(check.passed, check.name, ": ", check.problem);
}

TEST_CASE("redis streams: reading goes on over restarts of the server and of the reader") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  add(server, 0, 5);
  auto reader = open_reader(options_of(server));
  start(*reader);
  Offsets next;
  CHECK(read(*reader, 5, &next).value() == numbers(0, 5));
  server.kill();
  const auto away = reader->poll(10, within_us(kSecondUs / 10));
  REQUIRE(!away);
  CHECK(away.error().exit_class() == ExitClass::kRetry);
  REQUIRE(server.start());
  add(server, 5, 8);
  CHECK(read(*reader, 3, &next).value() == numbers(5, 8));
  auto other = open_reader(options_of(server));
  start(*other, next);
  add(server, 8, 9);
  CHECK(read(*other, 1).value() == numbers(8, 9));
}

TEST_CASE("redis streams: entries that were trimmed unread are an error, read ones are none") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  add(server, 0, 5);
  auto reader = open_reader(options_of(server));
  start(*reader);
  Offsets next;
  REQUIRE(read(*reader, 5, &next).value() == numbers(0, 5));
  // All that was read goes, and more comes: nothing is lost, and the counters say so.
  server.command("xtrim events maxlen 0");
  add(server, 5, 7);
  CHECK(read(*reader, 2, &next).value() == numbers(5, 7));
  // Deleting from the middle is whose it is to say.
  add(server, 7, 10);
  const std::string last = server.command("xrevrange events + - count 1");
  CHECK(read(*reader, 3, &next).value() == numbers(7, 10));
  server.command("xdel events " + last.substr(0, last.find('\n')));
  add(server, 10, 11);
  CHECK(read(*reader, 1, &next).value() == numbers(10, 11));
  // Three come and two go before anybody read them.
  add(server, 11, 14);
  server.command("xtrim events maxlen 1");
  const auto lost = read(*reader, 1);
  REQUIRE(!lost);
  CHECK(lost.error().code() == ErrorCode::kNotFound);
  CHECK(lost.error().message().find("is not in stream: events") != std::string::npos);
  // A reader that starts there does not pass over it either.
  auto other = open_reader(options_of(server));
  start(*other, next);
  CHECK(read(*other, 1).error().code() == ErrorCode::kNotFound);
  auto fresh = open_reader(options_of(server));
  start(*fresh);
  CHECK(read(*fresh, 1).value() == numbers(13, 14));
}

TEST_CASE("redis streams: a stream that was made anew is an error") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  for (int i = 1; i < 4; ++i) server.command("xadd events 5-" + std::to_string(i) + " data x");
  auto reader = open_reader(options_of(server));
  start(*reader);
  Offsets next;
  REQUIRE(read(*reader, 3, &next).value().size() == 3);
  server.command("del events");
  CHECK(read(*reader, 1).error().message().find("the stream is gone") != std::string::npos);
  server.command("xadd events 4-1 data y");
  auto other = open_reader(options_of(server));
  start(*other, next);
  CHECK(read(*other, 1).error().message().find("the stream is younger") != std::string::npos);
  const auto store = test::service_host().stream_store("redis").value();
  CHECK(store->open(options_of(server, "nowhere"), within_us(kSecondUs)).error().code() ==
        ErrorCode::kNotFound);
}

TEST_CASE("redis streams: a group that watches knows after a restart what was read") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  add(server, 0, 5);
  Json options = options_of(server);
  options["group"] = "watchers";
  Offsets next;
  {
    auto reader = open_reader(options);
    start(*reader);
    REQUIRE(read(*reader, 5, &next).value().size() == 5);
    // The lag of one who has read everything is none.
    CHECK(reader->assignment(within_us(kSecondUs)).value()[0].end_offset == next[0]);
    // Told at the end at the latest.
    REQUIRE(reader->acknowledge(0, next[0], within_us(kSecondUs)));
  }
  CHECK(server.command("xinfo groups events").find("entries-read\n5") != std::string::npos);
  server.command("xtrim events maxlen 0");
  add(server, 5, 8);
  auto reader = open_reader(options);
  start(*reader, next);
  CHECK(read(*reader, 3).value() == numbers(5, 8));
}

TEST_CASE("redis streams: a number that runs over into the next millisecond is found again") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  // The clock stands at 7 ms while the number goes beyond 2^20; then it goes on at 9 ms.
  const std::vector<std::string> ids = {"7-1048575", "7-1048576", "7-1048580", "9-0", "9-1"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    server.command("xadd events " + ids[i] + " data " + std::to_string(i));
  }
  auto reader = open_reader(options_of(server));
  start(*reader);
  std::int64_t before = -1;
  for (int i = 0; i < 5; ++i) {
    Offsets next;
    REQUIRE(read(*reader, 1, &next, 1).value() == numbers(i, i + 1));
    CHECK(next[0] > before);
    before = next[0];
    auto other = open_reader(options_of(server));
    start(*other, next);
    CHECK(read(*other, static_cast<std::size_t>(4 - i)).value() == numbers(i + 1, 5));
    if (i == 4) CHECK(other->poll(10, within_us(kSecondUs / 50)).value().messages.empty());
  }
  server.command("xadd events 18446744073709551610-0 data x");
  CHECK(read(*reader, 1).error().message().find("stands for no offset") != std::string::npos);
}

TEST_CASE("redis streams: a message is a field, and an entry of other fields an object of them") {
  const TemporaryDirectory directory;
  RedisServer server(directory / "redis");
  START_OR_SKIP(server);
  server.command("xadd events '*' payload a other b");
  server.command("xadd events '*' x 1 y z");
  server.command("xadd events '*' single c");
  Json options = options_of(server);
  auto reader = open_reader(options);
  start(*reader);
  CHECK(read(*reader, 3).value() ==
        std::vector<std::string>{R"({"payload":"a","other":"b"})", R"({"x":"1","y":"z"})", "c"});
  options["field"] = "payload";
  reader = open_reader(options);
  start(*reader);
  CHECK(read(*reader, 3).value() ==
        std::vector<std::string>{"a", R"({"x":"1","y":"z"})", R"({"single":"c"})"});
}

TEST_CASE("redis streams: of a cluster, on several of its nodes") {
  const TemporaryDirectory directory;
  test::RedisCluster cluster(directory / "cluster");
  START_OR_SKIP(cluster);
  // redis-cli -c finds the node of a key.
  const auto add_to = [&](const std::string& stream, int number) {
    cluster.node(0).command("-c xadd " + stream + " '*' data " + std::to_string(number));
  };
  for (int i = 0; i < 3; ++i) {
    add_to("{a}events", i);
    add_to("{b}events", 10 + i);
    add_to("{c}events", 20 + i);
  }
  Json options = cluster.options();
  options["streams"] = {"{a}events", "{b}events", "{c}events"};
  auto reader = open_reader(options);
  start(*reader);
  Offsets next;
  auto all = read(*reader, 9, &next).value();
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<std::string>{"0", "1", "10", "11", "12", "2", "20", "21", "22"});
  CHECK(next.size() == 3);
  add_to("{b}events", 13);
  CHECK(read(*reader, 1).value() == numbers(13, 14));
}

TEST_CASE("redis streams: over TLS and with a password") {
  const TemporaryDirectory directory;
  if (!test::make_certificates(directory.path())) {
    MESSAGE("skipped: there is no openssl");
    return;
  }
  const std::string ca = (directory / "ca.pem").string();
  const std::uint16_t tls_port = test::free_port();
  RedisServer server(directory / "redis", {"--tls-port", std::to_string(tls_port),
                                           "--tls-cert-file", (directory / "server.pem").string(),
                                           "--tls-key-file", (directory / "server.key").string(),
                                           "--tls-ca-cert-file", ca, "--tls-auth-clients", "no"});
  START_OR_SKIP(server);
  add(server, 0, 3);
  server.command("acl setuser reader on '>secret' '~events' +xrange +xrevrange +xinfo +xread");
  REQUIRE(write_file(directory / "password", "secret\n", 0600));
  const Json options = {{"address", "127.0.0.1:" + std::to_string(tls_port)},
                        {"stream", "events"},
                        {"tls", {{"ca", ca}}},
                        {"username", "reader"},
                        {"password_file", (directory / "password").string()}};
  auto reader = open_reader(options);
  start(*reader);
  CHECK(read(*reader, 3).value() == numbers(0, 3));
}

TEST_CASE("redis streams: options that make no sense are refused") {
  const auto store = test::service_host().stream_store("redis").value();
  const auto failure = [&](const Json& options) {
    const auto opened = store->open(options, within_us(kSecondUs));
    REQUIRE(!opened);
    return opened.error().message();
  };
  CHECK(failure(Json::object()).find("takes one of the options: stream, streams") !=
        std::string::npos);
  CHECK(failure({{"stream", "a"}, {"strem", "b"}}).find("makes no sense: strem") !=
        std::string::npos);
  CHECK(failure({{"streams", {"a", "a"}}}).find("names a stream twice: a") != std::string::npos);
}

}  // namespace rtml
