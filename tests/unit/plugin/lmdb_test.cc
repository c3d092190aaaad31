#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/base/clock.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::OnlineStore;

Result<std::unique_ptr<OnlineStore>> open_store(const std::filesystem::path& directory) {
  return test::built_host().online_store("lmdb", {{"path", directory.string()}});
}

plugin::CallOptions within_a_minute() {
  plugin::CallOptions call;
  call.deadline_us = system_clock().monotonic_us() + 60 * kSecond;
  return call;
}

// Adds 1 to "counter", and the same to "twin", in one transaction.
Status increment(OnlineStore& store) {
  RTML_TRY_ASSIGN(const auto transaction, store.begin("counter@v1/0", 1, within_a_minute()));
  RTML_TRY_ASSIGN(const plugin::Members counter, transaction->get("counter"));
  const std::string next =
      std::to_string(counter.empty() ? 1 : std::stoi(counter.front().second) + 1);
  RTML_TRY(transaction->put("counter", "n", next));
  RTML_TRY(transaction->put("twin", "n", next));
  return transaction->commit();
}

// Runs `work` in a process of its own that opens the store itself, as LMDB wants it.
template <typename Work>
pid_t start_process(const std::filesystem::path& directory, Work work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  auto store = open_store(directory);
  ::_exit(store && work(**store) ? 0 : 1);
}

TEST_CASE("lmdb: increments of several processes are all there") {
  const test::TemporaryDirectory directory;
  constexpr int kProcesses = 4;
  constexpr int kSteps = 25;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(start_process(directory.path(), [](OnlineStore& store) {
      for (int step = 0; step < kSteps; ++step) {
        if (!increment(store)) return false;
      }
      return true;
    }));
  }
  for (const pid_t child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto store = open_store(directory.path());
  REQUIRE(store);
  CHECK((*store)->get("counter", {}).value() ==
        plugin::Members{{"n", std::to_string(kProcesses * kSteps)}});
}

TEST_CASE("lmdb: a writer killed at any moment leaves whole transactions and no lock") {
  const test::TemporaryDirectory directory;
  for (int kill = 0; kill < 20; ++kill) {
    const pid_t child = start_process(directory.path(), [](OnlineStore& store) {
      while (increment(store)) {
      }
      return true;
    });
    ::usleep(static_cast<useconds_t>(5'000 + kill * 1'700));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    const pid_t checker = start_process(directory.path(), [](OnlineStore& store) {
      const auto values = store.get_groups({"counter", "twin"}, {});
      return values && (*values)[0] == (*values)[1] && increment(store).has_value();
    });
    REQUIRE(::waitpid(checker, &status, 0) == checker);
    REQUIRE(status == 0);
  }
}

// Commits groups of 100 KiB until that fails; true if what was committed before is still all there
// and the error says what to do.
bool fill_until_full(OnlineStore& store) {
  const std::string value(100'000, 'x');
  for (int step = 0; step < 1'000; ++step) {
    const auto commit = [&]() -> Status {
      RTML_TRY_ASSIGN(const auto transaction, store.begin("filler", 1, within_a_minute()));
      RTML_TRY(transaction->put("group/" + std::to_string(1'000 + step), "m", value));
      return transaction->commit();
    };
    const Status status = commit();
    if (status) continue;
    const auto all = store.scan("group/", "", 2'000, {});
    return step > 5 && status.error().code() == ErrorCode::kIo &&
           status.error().help().find("room on the disk") != std::string::npos && all &&
           static_cast<int>(all->size()) == step && all->back().second.front().second == value;
  }
  return false;
}

TEST_CASE("lmdb: on a full disk a commit fails, what was committed before stays, and room helps") {
  const test::TemporaryDirectory directory;
  // A bound on the size of files ends a write as a full disk does.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit bound = {3'000'000, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    auto store = open_store(directory.path());
    ::_exit(store && fill_until_full(**store) ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const auto store = open_store(directory.path());
  REQUIRE(store);
  CHECK((*store)->list("group/", "", 2'000, {})->size() > 5);
  CHECK(increment(**store));
}

TEST_CASE("lmdb: a store of another format is refused and stays as it is") {
  const test::TemporaryDirectory directory;
  {
    auto store = open_store(directory.path());
    REQUIRE(store);
    auto transaction = (*store)->begin("scope", 1, {});
    REQUIRE(transaction);
    REQUIRE((*transaction)->put("group", "m", "value"));
    REQUIRE((*transaction)->commit());
  }
  // The value of the key "format" in the file, whatever page it is on.
  const auto path = directory / "data.mdb";
  std::string bytes = *read_file(path);
  const auto change = [&](char from, char to) {
    int changed = 0;
    const std::string key = "format";
    for (std::size_t at = bytes.find(key + from); at != std::string::npos;
         at = bytes.find(key + from, at + 1)) {
      bytes[at + key.size()] = to;
      ++changed;
    }
    REQUIRE(changed > 0);
    std::ofstream(path, std::ios::binary) << bytes;
  };
  change('2', '3');
  {
    const auto refused = open_store(directory.path()).and_then([](auto store) {
      return store->get_groups({"group"}, {});
    });
    REQUIRE(!refused);
    CHECK(refused.error().message().find("is of format 3, this rtml reads 2") != std::string::npos);
  }
  change('3', '2');
  auto store = open_store(directory.path());
  REQUIRE(store);
  CHECK((*store)->get("group", {})->size() == 1);
}

TEST_CASE("lmdb: a store grows without being told to") {
  const test::TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  REQUIRE(store);
  for (int i = 0; i < 40; ++i) {
    const auto transaction = (*store)->begin("scope", 1, {});
    REQUIRE(transaction);
    REQUIRE((*transaction)->put("g" + std::to_string(i), "m", std::string(1'000'000, 'x')));
    REQUIRE((*transaction)->commit());
  }
  CHECK((*store)->list("g", "", 100, {})->size() == 40);
}

TEST_CASE("lmdb: a store may have a fallback, whose options are its own") {
  const test::TemporaryDirectory directory;
  auto host = test::built_host();
  const auto second = host.online_store("lmdb", {{"path", (directory / "second").string()}});
  REQUIRE(second);
  REQUIRE(increment(**second));
  Json options = {{"path", (directory / "first").string()},
                  {"read_timeout", "20ms"},
                  {"fallback", {{"type", "lmdb"}, {"path", (directory / "second").string()}}}};
  const auto both = host.online_store("lmdb", options);
  REQUIRE(both);
  CHECK((*both)->get("counter", {})->empty());  // The first answers, that it holds nothing.
  CHECK((*both)->answered_by() == "lmdb");
  options["fallback"].erase("type");
  CHECK(host.online_store("lmdb", options).error().id() == "RT0107");
  options["fallback"] = "lmdb";
  CHECK(host.online_store("lmdb", options).error().id() == "RT0107");
}

TEST_CASE("lmdb: groups are replaced again and again") {
  const test::TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  REQUIRE(store);
  for (int round = 0; round < 3; ++round) {
    const auto transaction = (*store)->begin("scope", 1, {});
    REQUIRE(transaction);
    for (int i = 0; i < 50; ++i) {
      const std::string group = "g" + std::to_string(i);
      REQUIRE((*transaction)->remove_group(group));
      REQUIRE((*transaction)->put(group, "m" + std::to_string(round), std::to_string(i)));
    }
    REQUIRE((*transaction)->commit());
    CHECK((*store)->get("g7", {}).value() == plugin::Members{{"m" + std::to_string(round), "7"}});
  }
}

TEST_CASE("lmdb: options that make no sense are refused") {
  const test::TemporaryDirectory directory;
  auto host = test::built_host();
  CHECK(host.online_store("lmdb").error().message() ==
        "plugin \"lmdb\": lmdb needs the option: path");
  CHECK(host.online_store("lmdb", {{"path", directory.path().string()}, {"map_size_gib", 0}})
            .error()
            .id() == "RT0107");
  REQUIRE(write_file(directory / "data.mdb", std::string(20'000, 'x')));
  const auto garbage = host.online_store("lmdb", {{"path", directory.path().string()}});
  REQUIRE(!garbage);
  CHECK(garbage.error().id() == "RT0303");
}

}  // namespace
}  // namespace rtml
