#include "core/base/clock.h"
#include "core/base/time.h"
#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

constexpr std::string_view kScope = "conformance@v1/0";

// A group, a member, a value.
struct Put {
  std::string group;
  std::string member;
  std::string value;
};

class OnlineChecks {
 public:
  explicit OnlineChecks(OnlineStore& store) : store_(store) {}

  Status put_all(const std::vector<Put>& puts, std::string_view scope = kScope,
                 std::uint64_t epoch = 1) {
    RTML_TRY_ASSIGN(const auto transaction, store_.begin(scope, epoch, {}));
    for (const auto& [group, member, value] : puts) {
      RTML_TRY(transaction->put(group, member, value));
    }
    return transaction->commit();
  }

  Status round_trip() {
    const std::string binary("\0\xFF\n", 3);
    RTML_TRY(put_all({{"a", "m", "1"},
                      {"a", "", "2"},
                      {"a", "\xFF", ""},
                      {"b" + binary, binary, binary},
                      {"c", "m", ""}}));
    RTML_TRY_ASSIGN(const auto groups,
                    store_.get_groups({"c", "absent", "b" + binary, "a", "a"}, {}));
    RTML_TRY(expect(groups[1].empty(), "an absent group has members"));
    RTML_TRY(expect(groups[0] == Members{{"m", ""}} && groups[2] == Members{{binary, binary}},
                    "other values come back"));
    const Members a = {{"", "2"}, {"m", "1"}, {"\xFF", ""}};
    RTML_TRY(expect(groups[3] == a && groups[4] == a, "a group has other members than were put"));
    RTML_TRY_ASSIGN(const auto none, store_.get_groups({}, {}));
    return expect(none.empty(), "groups come back where none was asked for");
  }

  Status replacing() {
    RTML_TRY(put_all({{"r", "one", "1"}, {"r", "two", "2"}}));
    RTML_TRY(put_all({{"r", "two", "changed"}, {"r", "three", "3"}}));
    RTML_TRY_ASSIGN(const Members members, store_.get("r", {}));
    return expect(members == Members{{"one", "1"}, {"three", "3"}, {"two", "changed"}},
                  "members that were not put again changed");
  }

  Status isolation() {
    RTML_TRY(put_all({{"i", "old", "1"}, {"i", "kept", "2"}}));
    {
      RTML_TRY_ASSIGN(const auto transaction, store_.begin(kScope, 1, {}));
      RTML_TRY(transaction->put("pending", "m", "1"));
      RTML_TRY(transaction->remove("i", "old"));
      RTML_TRY(transaction->put("i", "new", "3"));
      RTML_TRY_ASSIGN(auto own, transaction->get_groups({"i", "pending", "absent"}));
      RTML_TRY(expect(own[0] == Members{{"kept", "2"}, {"new", "3"}} &&
                          own[1] == Members{{"m", "1"}} && own[2].empty(),
                      "a transaction does not see its own changes"));
      RTML_TRY(transaction->remove_group("i"));
      RTML_TRY(transaction->put("i", "again", "4"));
      RTML_TRY_ASSIGN(const Members again, transaction->get("i"));
      RTML_TRY(expect(again == Members{{"again", "4"}},
                      "a transaction does not see that it replaced a group"));
      RTML_TRY(expect_unchanged("others see what is not committed"));
    }
    return expect_unchanged("a transaction without commit changed something");
  }

  Status removal() {
    RTML_TRY(put_all({{"gone", "m", "1"},
                      {"gone too", "m", "1"},
                      {"part", "a", "1"},
                      {"part", "b", "2"},
                      {"new", "a", "1"}}));
    RTML_TRY_ASSIGN(auto transaction, store_.begin(kScope, 1, {}));
    RTML_TRY(transaction->remove("gone", "m"));
    RTML_TRY(transaction->remove_group("gone too"));
    RTML_TRY(transaction->remove("part", "b"));
    RTML_TRY(transaction->remove("part", "never there"));
    RTML_TRY(transaction->remove("never there", "m"));
    RTML_TRY(transaction->remove_group("never there either"));
    RTML_TRY(transaction->remove_group("new"));
    RTML_TRY(transaction->put("new", "b", "2"));
    RTML_TRY(transaction->commit());
    transaction = nullptr;
    RTML_TRY_ASSIGN(const auto groups, store_.get_groups({"gone", "gone too", "part", "new"}, {}));
    RTML_TRY(expect(groups[0].empty() && groups[1].empty(), "a removed group is still there"));
    RTML_TRY(expect(groups[2] == Members{{"a", "1"}}, "removing a member did something else"));
    RTML_TRY(expect(groups[3] == Members{{"b", "2"}}, "replacing a group did something else"));
    RTML_TRY_ASSIGN(const auto names, store_.list("gone", "", 10, {}));
    return expect(names.empty(), "a scan shows a group without members");
  }

  Status scan() {
    const std::string after_one("p/1\0", 4);
    RTML_TRY(put_all({{"p/2", "m", "b"},
                      {"p/1", "m", "a"},
                      {"p/\xFF", "m", "c"},
                      {"q", "m", "d"},
                      {"p", "m", "e"},
                      {after_one, "m", "f"}}));
    RTML_TRY_ASSIGN(const auto all, store_.scan("p/", "", 10, {}));
    RTML_TRY(expect(all == Scanned{{"p/1", {{"m", "a"}}},
                                   {after_one, {{"m", "f"}}},
                                   {"p/2", {{"m", "b"}}},
                                   {"p/\xFF", {{"m", "c"}}}},
                    "a scan gives other groups than those with the prefix"));
    RTML_TRY_ASSIGN(const auto part, store_.scan("p/", after_one, 1, {}));
    RTML_TRY(expect(part == Scanned{{"p/2", {{"m", "b"}}}}, "a scan does not go on after a name"));
    RTML_TRY_ASSIGN(const auto names, store_.list("p/", "p/1", 2, {}));
    RTML_TRY(expect(names == std::vector<std::string>{after_one, "p/2"},
                    "a scan of names gives other groups"));
    RTML_TRY_ASSIGN(const auto every, store_.list("", "", 1'000, {}));
    for (const std::string& name : every) {
      RTML_TRY(expect(name.find(kScope) == std::string::npos, "a scan shows what is no group"));
    }
    return {};
  }

  Status fencing() {
    const std::string_view scope = "conformance@v1/fenced";
    RTML_TRY(put_all({{"fenced", "owner", "7"}}, scope, 7));
    RTML_TRY(expect_error(put_all({{"fenced", "owner", "6"}}, scope, 6), ErrorCode::kEpochStale,
                          "a commit with an older epoch"));
    RTML_TRY_ASSIGN(const Members members, store_.get("fenced", {}));
    RTML_TRY(expect(members == Members{{"owner", "7"}}, "an older epoch wrote"));
    return put_all({}, "conformance@v1/other", 1);
  }

  // A writer that began before another took its scope over.
  Status takeover() {
    const std::string_view scope = "conformance@v1/taken";
    RTML_TRY(put_all({{"taken", "owner", "1"}, {std::string(scope), "position", "1"}}, scope, 1));
    CallOptions call;
    call.deadline_us = system_clock().monotonic_us() + 50 * 1'000;
    RTML_TRY_ASSIGN(auto older, store_.begin(scope, 1, {}));
    RTML_TRY(older->put("taken", "owner", "old"));
    RTML_TRY(older->put(scope, "position", "old"));
    auto newer = store_.begin(scope, 2, call);
    if (!newer) return {};  // One writer at a time: it cannot happen.
    RTML_TRY_ASSIGN(const Members read, (*newer)->get("taken"));
    RTML_TRY(expect(read == Members{{"owner", "1"}}, "another's changes are seen"));
    RTML_TRY((*newer)->put(scope, "position", "2"));
    RTML_TRY((*newer)->commit());
    RTML_TRY(expect_error(older->commit(), ErrorCode::kEpochStale,
                          "a commit after a scope was taken over"));
    RTML_TRY_ASSIGN(const auto groups, store_.get_groups({"taken", std::string(scope)}, {}));
    return expect(groups[0] == Members{{"owner", "1"}} && groups[1] == Members{{"position", "2"}},
                  "a writer whose scope was taken over wrote");
  }

  Status busy() {
    RTML_TRY_ASSIGN(const auto holder, store_.begin(kScope, 1, {}));
    const std::int64_t begun_us = system_clock().monotonic_us();
    CallOptions call;
    call.deadline_us = begun_us + 50 * 1'000;
    // A store whose writers do not wait for each other may let the second one begin.
    const auto second = store_.begin(kScope, 1, call);
    if (second) return {};
    RTML_TRY(expect(system_clock().monotonic_us() - begun_us < 5 * kSecond,
                    "waiting for another writer goes on after the deadline"));
    return expect(second.error().exit_class() == ExitClass::kRetry,
                  "waiting for another writer ends with " + std::string(second.error().id()));
  }

  // The longest names and a value larger than any page or packet.
  Status limits() {
    const std::string group(400, 'g');
    const std::string member(100, 'm');
    const std::string value(1'000'000, 'v');
    RTML_TRY(put_all({{group, member, value}}));
    RTML_TRY_ASSIGN(const Members members, store_.get(group, {}));
    RTML_TRY(expect(members == Members{{member, value}}, "a large value comes back changed"));
    RTML_TRY(expect(!put_all({{group + "g", member, ""}}), "a group of 401 bytes is taken"));
    RTML_TRY(expect(!put_all({{group, member + "m", ""}}), "a member of 101 bytes is taken"));
    return expect(!put_all({{"", member, ""}}), "a group without a name is taken");
  }

  Status many() {
    std::vector<Put> puts;
    Scanned wanted;
    for (int i = 0; i < 5'000; ++i) {
      const std::string group = "many/" + std::to_string(100'000 + i);
      puts.push_back({group, "a", std::string(300, 'x')});
      puts.push_back({group, "b", std::to_string(i)});
      wanted.emplace_back(group,
                          Members{{"a", puts[puts.size() - 2].value}, {"b", puts.back().value}});
    }
    RTML_TRY(put_all(puts));
    RTML_TRY_ASSIGN(const auto back, store_.scan("many/", "", 10'000, {}));
    return expect(back == wanted, "of many groups others come back");
  }

  Status expiry() {
    RTML_TRY_ASSIGN(const auto transaction, store_.begin(kScope, 1, {}));
    const std::int64_t later_us = system_clock().now_us() + 3'600 * kSecond;
    RTML_TRY(transaction->put("expiring", "m", "1"));
    RTML_TRY(transaction->expire("expiring", later_us));
    RTML_TRY(transaction->put("kept", "m", "1"));
    RTML_TRY(transaction->expire("kept", 1));
    RTML_TRY(transaction->expire("kept", kNeverExpires));
    RTML_TRY(transaction->commit());
    RTML_TRY_ASSIGN(const auto groups, store_.get_groups({"expiring", "kept"}, {}));
    return expect(groups[0] == Members{{"m", "1"}} && groups[1] == Members{{"m", "1"}},
                  "a group is forgotten before its time");
  }

 private:
  using Scanned = std::vector<std::pair<std::string, Members>>;

  Status expect_unchanged(const std::string& problem) {
    RTML_TRY_ASSIGN(const auto groups, store_.get_groups({"i", "pending"}, {}));
    return expect(groups[0] == Members{{"kept", "2"}, {"old", "1"}} && groups[1].empty(), problem);
  }

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
  suite.check("a put leaves other members alone", [&] { return checks.replacing(); });
  suite.check("what is not committed did not happen", [&] { return checks.isolation(); });
  suite.check("what was removed is gone", [&] { return checks.removal(); });
  suite.check("a scan is ordered and bounded", [&] { return checks.scan(); });
  suite.check("an older epoch is refused", [&] { return checks.fencing(); });
  suite.check("a scope that was taken over is closed to its old owner",
              [&] { return checks.takeover(); });
  suite.check("waiting for a writer obeys the deadline", [&] { return checks.busy(); });
  suite.check("names and values have the promised room", [&] { return checks.limits(); });
  suite.check("many groups at once", [&] { return checks.many(); });
  suite.check("no group is forgotten before its time", [&] { return checks.expiry(); });
  suite.check("a store opened again holds the same", [&]() -> Status {
    store = nullptr;
    RTML_TRY_ASSIGN(store, host.online_store(plugin.name, options));
    RTML_TRY_ASSIGN(const Members members, store->get("r", {}));
    return expect(members.size() == 3, "a committed group is gone");
  });
}

}  // namespace rtml::plugin
