#include "core/plugin/fallback_store.h"

#include <doctest/doctest.h>

#include "core/base/time.h"

namespace rtml {
namespace {

// Answers with its name, or fails, and takes its time.
class ScriptedStore : public plugin::OnlineStore {
 public:
  ScriptedStore(std::string name, const FakeClock& clock) : name_(std::move(name)), clock_(clock) {}

  bool commits_atomically() const override { return true; }
  Result<std::vector<plugin::Members>> get_groups(const std::vector<std::string>& groups,
                                                  const plugin::CallOptions& call) override {
    ++reads;
    last_deadline_us = call.deadline_us;
    clock_.sleep_us(takes_us);
    if (failure) return fail(Error(*failure, name_ + " failed"));
    return std::vector<plugin::Members>(groups.size(), plugin::Members{{"from", name_}});
  }
  Result<std::vector<std::pair<std::string, plugin::Members>>> scan(
      std::string_view, std::string_view, std::int64_t, const plugin::CallOptions&) override {
    return fail(ErrorCode::kUnsupported, "no scan");
  }
  Result<std::vector<std::string>> list(std::string_view, std::string_view, std::int64_t,
                                        const plugin::CallOptions&) override {
    return fail(ErrorCode::kUnsupported, "no list");
  }
  Result<std::unique_ptr<plugin::OnlineTransaction>> begin(std::string_view, std::uint64_t,
                                                           const plugin::CallOptions&) override {
    ++begins;
    return fail(ErrorCode::kUnsupported, "no transaction");
  }

  int reads = 0;
  int begins = 0;
  std::int64_t last_deadline_us = 0;
  std::int64_t takes_us = 0;
  std::optional<ErrorCode> failure;

 private:
  std::string name_;
  const FakeClock& clock_;
};

struct Pair {
  FakeClock clock{1'000 * kSecond};
  ScriptedStore* first;
  ScriptedStore* second;
  std::unique_ptr<plugin::FallbackStore> store;

  Pair() {
    auto one = std::make_unique<ScriptedStore>("redis", clock);
    auto two = std::make_unique<ScriptedStore>("postgres", clock);
    first = one.get();
    second = two.get();
    store = std::make_unique<plugin::FallbackStore>(
        std::move(one), std::move(two), plugin::FallbackSettings{"redis", "postgres", 50'000},
        clock);
  }

  // Who answers, or the error's id.
  std::string read(const plugin::CallOptions& call = {}) {
    const auto groups = store->get_groups({"g"}, call);
    if (!groups) return std::string(groups.error().id());
    CHECK(store->answered_by() == groups->front().front().second);
    return groups->front().front().second;
  }
};

TEST_CASE("fallback store: the first answers as long as it can") {
  Pair pair;
  CHECK(pair.read() == "redis");
  CHECK(pair.second->reads == 0);
  CHECK(pair.first->last_deadline_us == pair.clock.monotonic_us() + 50'000);
  plugin::CallOptions call;
  call.deadline_us = pair.clock.monotonic_us() + 10'000;
  CHECK(pair.read(call) == "redis");
  CHECK(pair.first->last_deadline_us == call.deadline_us);
}

TEST_CASE("fallback store: the second answers when the first fails, with the call's own deadline") {
  Pair pair;
  plugin::CallOptions call;
  call.deadline_us = pair.clock.monotonic_us() + kSecond;
  for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kPluginRetry, ErrorCode::kIo}) {
    pair.first->failure = code;
    CHECK(pair.read(call) == "postgres");
    CHECK(pair.second->last_deadline_us == call.deadline_us);
    pair.first->failure.reset();
    CHECK(pair.read(call) == "redis");
  }
  pair.first->failure = ErrorCode::kInterrupted;
  CHECK(pair.read(call) == "RT0004");
}

TEST_CASE("fallback store: a store that is down does not cost each read its timeout") {
  Pair pair;
  pair.first->failure = ErrorCode::kTimeout;
  pair.first->takes_us = 50'000;
  for (int i = 0; i < 100; ++i) CHECK(pair.read() == "postgres");
  CHECK(pair.first->reads == 3);
  // Half a second later one read tries it, then it is left alone for twice as long.
  pair.clock.advance_us(500'000);
  for (int i = 0; i < 100; ++i) CHECK(pair.read() == "postgres");
  CHECK(pair.first->reads == 4);
  pair.clock.advance_us(900'000);
  CHECK(pair.read() == "postgres");
  CHECK(pair.first->reads == 4);
  pair.clock.advance_us(100'000);
  pair.first->failure.reset();
  CHECK(pair.read() == "redis");
  // Well again, it is as at the beginning.
  pair.first->failure = ErrorCode::kTimeout;
  for (int i = 0; i < 10; ++i) CHECK(pair.read() == "postgres");
  CHECK(pair.first->reads == 8);
}

TEST_CASE("fallback store: when both fail, the error names both and may pass if one of them may") {
  Pair pair;
  pair.first->failure = ErrorCode::kTimeout;
  pair.second->failure = ErrorCode::kIo;
  const auto read = pair.store->get_groups({"g"}, {});
  REQUIRE(!read);
  CHECK(read.error().exit_class() == ExitClass::kRetry);
  CHECK(read.error().message() == "redis failed; the fallback failed too: postgres failed");
}

TEST_CASE("fallback store: only the first is written, and a writer reads the first alone") {
  Pair pair;
  CHECK(!pair.store->begin("scope", 1, {}));
  CHECK(pair.first->begins == 1);
  CHECK(pair.second->begins == 0);
  pair.first->failure = ErrorCode::kTimeout;
  CHECK(pair.read() == "RT0008");
  CHECK(pair.second->reads == 0);
}

}  // namespace
}  // namespace rtml
