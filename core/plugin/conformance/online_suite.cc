#include "core/base/clock.h"
#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

constexpr std::string_view kScope = "conformance@v1/0";

class OnlineChecks {
 public:
  explicit OnlineChecks(OnlineStore& store) : store_(store) {}

  Status put_all(const std::vector<std::pair<std::string, std::string>>& pairs) {
    RTML_TRY_ASSIGN(const auto transaction, store_.begin(kScope, 1, {}));
    for (const auto& [key, value] : pairs) RTML_TRY(transaction->put(key, value));
    return transaction->commit();
  }

  Status round_trip() {
    const std::string binary("\0\xFF\n", 3);
    RTML_TRY(put_all({{"a", "1"}, {"b" + binary, binary}, {"c", ""}}));
    RTML_TRY_ASSIGN(const auto values,
                    store_.get_many({"c", "absent", "b" + binary, "a", "a"}, {}));
    RTML_TRY(expect(!values[1], "an absent key has a value"));
    return expect(values[0] == "" && values[2] == binary && values[3] == "1" && values[4] == "1",
                  "other values come back");
  }

  Status isolation() {
    {
      RTML_TRY_ASSIGN(const auto transaction, store_.begin(kScope, 1, {}));
      RTML_TRY(transaction->put("pending", "1"));
      RTML_TRY(transaction->remove("a"));
      RTML_TRY_ASSIGN(const auto own, transaction->get("pending"));
      RTML_TRY(expect(own == "1", "a transaction does not see its own change"));
      RTML_TRY_ASSIGN(const auto removed, transaction->get("a"));
      RTML_TRY(expect(!removed, "a transaction does not see its own removal"));
      RTML_TRY_ASSIGN(const auto outside, store_.get_many({"pending", "a"}, {}));
      RTML_TRY(expect(!outside[0] && outside[1] == "1", "others see what is not committed"));
    }
    RTML_TRY_ASSIGN(const auto after, store_.get_many({"pending", "a"}, {}));
    return expect(!after[0] && after[1] == "1", "a transaction without commit changed something");
  }

  Status removal() {
    RTML_TRY(put_all({{"gone", "1"}}));
    RTML_TRY_ASSIGN(const auto transaction, store_.begin(kScope, 1, {}));
    RTML_TRY(transaction->remove("gone"));
    RTML_TRY(transaction->remove("never there"));
    RTML_TRY(transaction->commit());
    RTML_TRY_ASSIGN(const auto values, store_.get_many({"gone"}, {}));
    return expect(!values[0], "a removed key is still there");
  }

  Status scan() {
    RTML_TRY(put_all({{"p/2", "b"}, {"p/1", "a"}, {"p/\xFF", "c"}, {"q", "d"}, {"p", "e"}}));
    RTML_TRY_ASSIGN(const auto all, store_.scan("p/", "", 10, {}));
    RTML_TRY(expect(all == Pairs{{"p/1", "a"}, {"p/2", "b"}, {"p/\xFF", "c"}},
                    "a scan gives other pairs than those with the prefix"));
    RTML_TRY_ASSIGN(const auto part, store_.scan("p/", "p/1", 1, {}));
    RTML_TRY(expect(part == Pairs{{"p/2", "b"}}, "a scan does not go on after a key"));
    RTML_TRY_ASSIGN(const auto every, store_.scan("", "", 1'000, {}));
    for (const auto& [key, value] : every) {
      RTML_TRY(expect(key.find(kScope) == std::string::npos, "a scan shows the store's own keys"));
    }
    return {};
  }

  Status fencing() {
    const std::string_view scope = "conformance@v1/fenced";
    RTML_TRY_ASSIGN(auto newer, store_.begin(scope, 7, {}));
    RTML_TRY(newer->put("owner", "7"));
    RTML_TRY(newer->commit());
    newer = nullptr;
    const auto stale = [&]() -> Status {
      RTML_TRY_ASSIGN(const auto older, store_.begin(scope, 6, {}));
      RTML_TRY(older->put("owner", "6"));
      return older->commit();
    }();
    RTML_TRY(expect_error(stale, ErrorCode::kEpochStale, "a commit with an older epoch"));
    RTML_TRY_ASSIGN(const auto values, store_.get_many({"owner"}, {}));
    RTML_TRY(expect(values[0] == "7", "an older epoch wrote"));
    RTML_TRY_ASSIGN(const auto other, store_.begin("conformance@v1/other", 1, {}));
    return other->commit();
  }

  Status busy() {
    RTML_TRY_ASSIGN(const auto holder, store_.begin(kScope, 1, {}));
    CallOptions call;
    call.deadline_us = system_clock().monotonic_us() + 50 * 1'000;
    // A store whose writers do not wait for each other may let the second one begin.
    const auto second = store_.begin(kScope, 1, call);
    if (second) return {};
    return expect(second.error().exit_class() == ExitClass::kRetry,
                  "waiting for another writer ends with " + std::string(second.error().id()));
  }

  Status many() {
    Pairs pairs;
    for (int i = 0; i < 5'000; ++i) {
      pairs.emplace_back("many/" + std::to_string(100'000 + i), std::string(300, 'x'));
    }
    RTML_TRY(put_all(pairs));
    RTML_TRY_ASSIGN(const auto back, store_.scan("many/", "", 10'000, {}));
    return expect(back == pairs, "of many pairs others come back");
  }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  OnlineStore& store_;
};

}  // namespace

void check_online(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                  Suite suite) {
  const Json options = settings.options.is_null()
                           ? Json{{"path", (settings.scratch / "online").string()}}
                           : settings.options;
  std::unique_ptr<OnlineStore> store;
  suite.check("a store opens", [&]() -> Status {
    RTML_TRY_ASSIGN(store, host.online_store(plugin.name, options));
    return {};
  });
  if (store == nullptr) return;
  OnlineChecks checks(*store);
  suite.check("what was committed is read back", [&] { return checks.round_trip(); });
  suite.check("what is not committed did not happen", [&] { return checks.isolation(); });
  suite.check("removed keys are gone", [&] { return checks.removal(); });
  suite.check("a scan is ordered and bounded", [&] { return checks.scan(); });
  suite.check("an older epoch is refused", [&] { return checks.fencing(); });
  suite.check("waiting for a writer obeys the deadline", [&] { return checks.busy(); });
  suite.check("many pairs at once", [&] { return checks.many(); });
  suite.check("a store opened again holds the same", [&]() -> Status {
    store = nullptr;
    RTML_TRY_ASSIGN(store, host.online_store(plugin.name, options));
    RTML_TRY_ASSIGN(const auto values, store->get_many({"a"}, {}));
    return expect(values[0] == "1", "a committed value is gone");
  });
}

}  // namespace rtml::plugin
