#include <charconv>
#include <thread>

#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

class BlobChecks {
 public:
  explicit BlobChecks(BlobStore& store) : store_(store) {}

  Status round_trip() {
    RTML_TRY_ASSIGN(const auto absent, store_.get("absent", {}));
    RTML_TRY(expect(!absent, "an absent blob has bytes"));
    const std::string bytes("\0\xFF binary", 9);
    RTML_TRY_ASSIGN(const std::string revision, store_.put("dir/a.bin", bytes, {}));
    RTML_TRY_ASSIGN(const auto blob, store_.get("dir/a.bin", {}));
    RTML_TRY(expect(blob && blob->bytes == bytes, "other bytes come back"));
    return expect(blob->revision == revision, "put and get name different revisions");
  }

  Status revisions() {
    RTML_TRY_ASSIGN(const std::string first, store_.put("r", "1", {}));
    RTML_TRY_ASSIGN(const std::string second, store_.put("r", "2", {}));
    RTML_TRY(expect(first != second, "the revision stays although the bytes changed"));
    RTML_TRY_ASSIGN(const auto empty, store_.put("empty", "", {}));
    RTML_TRY_ASSIGN(const auto blob, store_.get("empty", {}));
    return expect(blob && blob->bytes.empty() && blob->revision == empty,
                  "an empty blob does not come back");
  }

  Status unchanged() {
    RTML_TRY_ASSIGN(const std::string first, store_.put_if_unchanged("c", "1", std::nullopt, {}));
    RTML_TRY(expect_error(store_.put_if_unchanged("c", "2", std::nullopt, {}),
                          ErrorCode::kBlobChanged, "putting a blob that must be absent"));
    RTML_TRY(store_.put_if_unchanged("c", "3", first, {}));
    RTML_TRY(expect_error(store_.put_if_unchanged("c", "4", first, {}), ErrorCode::kBlobChanged,
                          "putting with an old revision"));
    RTML_TRY_ASSIGN(const auto blob, store_.get("c", {}));
    return expect(blob && blob->bytes == "3", "a refused put wrote");
  }

  Status names() {
    for (const char* name : {"../escape", "a/../../escape", "/absolute", "", "a//b", "a/", "a b"}) {
      RTML_TRY(expect_error(store_.put(name, "x", {}), ErrorCode::kBadValue,
                            "putting a blob named \"" + std::string(name) + "\""));
    }
    return {};
  }

  Status large() {
    std::string bytes(std::size_t{5} << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 >> 7);
    RTML_TRY(store_.put("large", bytes, {}));
    RTML_TRY_ASSIGN(const auto blob, store_.get("large", {}));
    return expect(blob && blob->bytes == bytes, "other bytes come back of 5 MiB");
  }

 private:
  BlobStore& store_;
};

// Counts to `target` together with others, each step only if the number is unchanged.
Status count_up(BlobStore& store, int steps) {
  while (steps > 0) {
    RTML_TRY_ASSIGN(const auto blob, store.get("counter", {}));
    int value = 0;
    if (blob) {
      std::from_chars(blob->bytes.data(), blob->bytes.data() + blob->bytes.size(), value);
    }
    const auto put = store.put_if_unchanged(
        "counter", std::to_string(value + 1),
        blob ? std::optional<std::string>(blob->revision) : std::nullopt, {});
    if (put) {
      --steps;
    } else if (put.error().code() != ErrorCode::kBlobChanged) {
      return fail(put.error());
    }
  }
  return {};
}

// The increments of four writers at once are all there afterwards.
Status check_race(PluginHost& host, const std::string& name, const Json& options) {
  constexpr int kWriters = 4;
  constexpr int kSteps = 25;
  std::vector<std::unique_ptr<BlobStore>> stores;
  for (int i = 0; i < kWriters; ++i) {
    RTML_TRY_ASSIGN(auto store, host.blob_store(name, options));
    stores.push_back(std::move(store));
  }
  std::vector<Status> outcomes(kWriters);
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] { outcomes[i] = count_up(*stores[i], kSteps); });
  }
  for (std::thread& writer : writers) writer.join();
  for (const Status& outcome : outcomes) RTML_TRY(outcome);
  RTML_TRY_ASSIGN(const auto blob, stores.front()->get("counter", {}));
  return expect(blob && blob->bytes == std::to_string(kWriters * kSteps),
                "increments were lost: " + (blob ? blob->bytes : "no blob"));
}

}  // namespace

void check_blob(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                Suite suite) {
  const Json options = settings.options.is_null()
                           ? Json{{"path", (settings.scratch / "blob").string()}}
                           : settings.options;
  std::unique_ptr<BlobStore> store;
  suite.check("a store opens", [&]() -> Status {
    RTML_TRY_ASSIGN(store, host.blob_store(plugin.name, options));
    return {};
  });
  if (store == nullptr) return;
  BlobChecks checks(*store);
  suite.check("what was put is got back", [&] { return checks.round_trip(); });
  suite.check("a revision changes with the bytes", [&] { return checks.revisions(); });
  suite.check("a changed blob is not overwritten", [&] { return checks.unchanged(); });
  suite.check("names that lead elsewhere are refused", [&] { return checks.names(); });
  suite.check("large blobs", [&] { return checks.large(); });
  suite.check("of several writers each counts",
              [&] { return check_race(host, plugin.name, options); });
}

}  // namespace rtml::plugin
