// What is asked of every online store that is a server.

#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "core/base/clock.h"
#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/plugin/conformance/conformance.h"
#include "core/plugin/host.h"
#include "tests/support/temporary_directory.h"

namespace rtml::test {

inline plugin::PluginHost service_host() {
  const char* directory = std::getenv("RTML_BINARY_DIR");
  REQUIRE(directory != nullptr);
  return plugin::PluginHost({std::filesystem::path(directory) / "lib/rtml/plugins", {}});
}

inline plugin::CallOptions within_us(std::int64_t duration_us) {
  plugin::CallOptions call;
  call.deadline_us = system_clock().monotonic_us() + duration_us;
  return call;
}

inline std::unique_ptr<plugin::OnlineStore> open_store(const std::string& type,
                                                       const Json& options) {
  auto store = service_host().online_store(type, options);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message()));
  return std::move(*store);
}

inline void check_conformance_of(const std::string& type, const Json& options,
                                 const TemporaryDirectory& directory) {
  auto host = service_host();
  const auto found = host.find(type);
  REQUIRE(found);
  plugin::PluginInfo info = *found;
  info.capabilities = {"online"};
  plugin::ConformanceSettings settings;
  settings.scratch = directory / "scratch";
  settings.options = options;
  std::filesystem::create_directories(settings.scratch);
  const auto checks = plugin::check_conformance(host, info, settings);
  REQUIRE(checks);
  CHECK(checks->size() > 10);
  for (const auto& check : *checks) {
    CHECK_MESSAGE(check.passed, check.name, ": ", check.problem);
  }
}

// One commit of step `step`: the same number into two groups and, last in its order, the scope's.
inline Status commit_step(plugin::OnlineStore& store, std::int64_t step) {
  const std::string scope = "part/position";
  const auto call = within_us(2 * kSecond);
  RTML_TRY_ASSIGN(const auto transaction, store.begin(scope, 1, call));
  const std::string text = std::to_string(step);
  RTML_TRY(transaction->put("part/a", "n", text));
  RTML_TRY(transaction->put("part/b", "n", text + std::string(5'000, ' ')));
  RTML_TRY(transaction->put(scope, "n", text));
  return transaction->commit();
}

inline std::int64_t number_of(const plugin::Members& members) {
  return members.empty() ? 0 : std::atoll(members.front().second.c_str());
}

struct Steps {
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t position = 0;
};

inline Steps read_steps(plugin::OnlineStore& store) {
  // A server that has just started may ask for patience.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto groups =
        store.get_groups({"part/a", "part/b", "part/position"}, within_us(2 * kSecond));
    if (groups) {
      return {number_of((*groups)[0]), number_of((*groups)[1]), number_of((*groups)[2])};
    }
    REQUIRE_MESSAGE(groups.error().exit_class() == ExitClass::kRetry, groups.error().message());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL("the server did not come back");
  return {};
}

// Commits until the server is killed, `kills` times, and checks after each restart what is there:
// every commit that was acknowledged, and of a later one all or, where the store is not atomic,
// whole groups with the position behind them.
template <typename Server>
void check_kills(plugin::OnlineStore& store, Server& killed, int kills) {
  std::int64_t step = 0;
  for (int round = 0; round < kills; ++round) {
    std::atomic<bool> is_killed = false;
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(20'000 + 7'300 * round));
      killed.kill();
      is_killed = true;
    });
    std::int64_t acknowledged = step;
    Status status;
    bool is_last = false;
    while (!is_last) {
      is_last = is_killed;  // A node of a cluster may hold none of the groups.
      status = commit_step(store, step + 1);
      if (!status) break;
      acknowledged = ++step;
    }
    killer.join();
    if (!status) {
      CHECK_MESSAGE(status.error().exit_class() == ExitClass::kRetry, status.error().message());
    }
    REQUIRE(killed.start());
    const Steps found = read_steps(store);
    CHECK(found.position >= acknowledged);
    CHECK(found.position <= step + 1);
    if (store.commits_atomically()) {
      CHECK(found.a == found.position);
      CHECK(found.b == found.position);
    } else {
      CHECK(found.a >= found.position);
      CHECK(found.b >= found.position);
    }
    step = std::max({found.a, found.b, found.position});
  }
  CHECK(step > kills);
}

// A server that stands still costs a call its deadline and no more, and the store works afterwards.
template <typename Server>
void check_slow_server(plugin::OnlineStore& store, Server& server) {
  REQUIRE(commit_step(store, 1));
  server.pause();
  const std::int64_t start_us = system_clock().monotonic_us();
  const auto read = store.get_groups({"part/a"}, within_us(150'000));
  const std::int64_t took_us = system_clock().monotonic_us() - start_us;
  server.resume();
  REQUIRE(!read);
  CHECK(read.error().exit_class() == ExitClass::kRetry);
  CHECK(took_us >= 140'000);
  CHECK(took_us < 2 * kSecond);  // The machine may be busy.
  CHECK(read_steps(store).a == 1);
}

// A server that is away is an error at once, and no reason to open the store again.
template <typename Server>
void check_restart(plugin::OnlineStore& store, Server& server) {
  REQUIRE(commit_step(store, 1));
  server.stop();
  const auto read = store.get_groups({"part/a"}, within_us(5 * kSecond));
  REQUIRE(!read);
  CHECK(read.error().exit_class() == ExitClass::kRetry);
  REQUIRE(server.start());
  CHECK(read_steps(store).position == 1);
  CHECK(commit_step(store, 2));
}

}  // namespace rtml::test
