// A replay that is cut off anywhere and begun anew applies each letter once, also where the store
// writes group by group.

#include "core/stream/replay.h"

#include <doctest/doctest.h>

#include <random>

#include "core/base/environment.h"
#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/online/reader.h"
#include "core/project/identity.h"
#include "core/stream/letter.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/online/memory_store.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;
constexpr std::int64_t kCards = 5;
constexpr std::int64_t kLetters = 40;

// A view of payments, and dead letters of its stream in a file.
class Fixture {
 public:
  Fixture() {
    write("rtml.yaml", "format: 1\nname: replayed\n");
    write("sources/payments.yaml",
          "kind: source\nname: payments\nstream: {type: file, path: payments.jsonl}\n"
          "timestamp: t\nid: id\n"
          "columns: {card: INT64, t: TIMESTAMP, id: INT64, amount: DOUBLE}\n");
    write("features/cards.yaml",
          "kind: feature_view\nname: cards\nentities: [card]\nsource: payments\nfeatures:\n"
          "  - {name: payments, type: INT64, aggregate: count, window: 30d}\n"
          "  - {name: spent, type: DOUBLE, aggregate: sum(amount), window: 30d}\n");
    auto loaded = project::Project::load(directory_.path(), Environment());
    REQUIRE_MESSAGE(loaded.has_value(), loaded.error().message());
    project_.emplace(std::move(*loaded));
    view_ = *project_->find_view("cards");
  }

  // The letter of offset i is of card i % kCards, shifted by `shift`.
  void write_letters(std::int64_t shift) {
    std::string lines;
    for (std::int64_t i = 0; i < kLetters; ++i) {
      Letter letter;
      letter.view = "cards";
      letter.view_identity = project::identity(*project_, *view_);
      letter.source = "payments";
      letter.offset = i;
      letter.bytes = to_json_text({{"card", (i + shift) % kCards},
                                   {"t", format_timestamp(kStart + i * kSecond)},
                                   {"id", i},
                                   {"amount", static_cast<double>(i)}});
      lines += to_line(letter) + "\n";
    }
    write("letters.jsonl", lines);
  }

  Result<ReplayReport> replay(plugin::OnlineStore& store) {
    const dataset::BuildContext context{*project_, plugins_, progress_, cancel_};
    ReplayOptions options;
    options.files = {directory_ / "letters.jsonl"};
    return stream::replay(options, store, system_clock(), context);
  }

  struct Totals {
    std::int64_t payments = 0;
    double spent = 0;
  };

  Totals totals(plugin::OnlineStore& store) {
    const std::vector<project::ServiceColumn> columns = {{view_, &view_->features[0], "payments"},
                                                         {view_, &view_->features[1], "spent"}};
    auto reader = online::Reader::open({columns, {}}, *project_, store, {});
    REQUIRE_MESSAGE(reader.has_value(), reader.error().message());
    Totals totals;
    for (std::int64_t card = 0; card < kCards; ++card) {
      const table::Value key = table::Value::of_integer(card);
      const std::span<const table::Value> keys[] = {std::span(&key, 1)};
      online::ReadResult result;
      REQUIRE(reader->read({.keys = keys, .time_us = kStart + kHour}, {}, &result));
      totals.payments += result.values[0].value.integer();
      if (!result.values[1].value.is_null()) totals.spent += result.values[1].value.number();
    }
    return totals;
  }

 private:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((directory_ / name).parent_path());
    REQUIRE(write_file(directory_ / name, text));
  }

  test::TemporaryDirectory directory_;
  std::optional<project::Project> project_;
  const project::FeatureView* view_ = nullptr;
  plugin::PluginHost plugins_ = test::built_host();
  NoProgress progress_;
  CancelFlag cancel_;
};

constexpr double kSpent = kLetters * (kLetters - 1) / 2.0;

}  // namespace

TEST_CASE("replay: each letter counts once wherever it was cut off") {
  Fixture fixture;
  for (const bool is_atomic : {false, true}) {
    for (std::size_t cut = 0; cut < 16; ++cut) {
      fixture.write_letters(0);
      test::MemoryStore store;
      store.is_atomic = is_atomic;
      const auto first = [&] {
        store.cut_off_after = cut;
        return fixture.replay(store);
      }();
      store.cut_off_after.reset();
      // The messages were corrected once more in between, which gives them other entities.
      fixture.write_letters(1);
      const auto second = fixture.replay(store);
      REQUIRE_MESSAGE(second.has_value(), second.error().message());
      CHECK(second->refused == 0);
      if (first) CHECK(second->already_replayed == kLetters);
      const auto totals = fixture.totals(store);
      CHECK(totals.payments == kLetters);
      CHECK(totals.spent == kSpent);
      const auto third = fixture.replay(store);
      REQUIRE(third);
      CHECK(third->applied == 0);
      CHECK(third->already_replayed == kLetters);
      CHECK(fixture.totals(store).payments == kLetters);
    }
  }
}

TEST_CASE("replay: cut off again and again, each letter counts once") {
  Fixture fixture;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    test::MemoryStore store;
    bool is_done = false;
    while (!is_done) {
      fixture.write_letters(static_cast<std::int64_t>(random() % kCards));
      store.cut_off_after.reset();
      if (random() % 4 != 0) store.cut_off_after = random() % 9;
      is_done = fixture.replay(store).has_value();
    }
    store.cut_off_after.reset();
    CHECK(fixture.totals(store).payments == kLetters);
    CHECK(fixture.totals(store).spent == kSpent);
  }
}

}  // namespace rtml::stream
