// A fill within a memory that holds nothing leaves in the store what a fill without a limit leaves.

#include "core/dataset/online_fill.h"

#include "core/online/open_store.h"
#include "tests/unit/dataset/backfill_fixture.h"
#include "tests/unit/online/memory_store.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;

// Every group of a store, with its members.
std::vector<std::pair<std::string, plugin::Members>> everything(plugin::OnlineStore& store) {
  return store.scan("", "", 1'000'000, {}).value();
}

// Another fill begins as soon as the first one lists what earlier ones have left.
class OvertakenStore : public test::MemoryStore {
 public:
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                        std::int64_t limit,
                                        const plugin::CallOptions& call) override {
    for (auto& [scope, epoch] : epochs) epoch += 1'000;
    return MemoryStore::list(prefix, after, limit, call);
  }
};

}  // namespace

TEST_CASE("fill_online: of two fills at once one is done and the other is told to try again") {
  BackfillProject project;
  project.write(test::random_payments(22, 200, 10, false));
  const project::FeatureView* const view = project.project().find_view("recent").value();
  const BuildContext context = project.context(1, 0);
  OvertakenStore store;
  store.is_atomic = true;
  CHECK(fill_online({&view, 1}, {.cutover_us = kDay, .epoch = 10}, store, context));
  // What the second finds at its end is not what it found when it began.
  const auto filled = store.groups;
  CHECK(fill_online({&view, 1}, {.cutover_us = 2 * kDay, .epoch = 5'000}, store, context));
  CHECK(store.groups != filled);
  store.epochs.begin()->second = 1'000'000;
  const auto late =
      fill_online({&view, 1}, {.cutover_us = 3 * kDay, .epoch = 6'000}, store, context);
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == ErrorCode::kBusy);
  CHECK(late.error().message() == "another fill came in between, of view: recent");
}

TEST_CASE("fill_online: the store holds the same whatever memory there is") {
  BackfillProject project;
  project.write(test::random_payments(21, 600, 40, true));
  std::vector<const project::FeatureView*> views;
  for (const char* view : {"recent", "life", "short", "everyone"}) {
    views.push_back(project.project().find_view(view).value());
  }
  const FillOptions options{.cutover_us = 3 * kDay, .epoch = 1'000};
  std::vector<std::pair<std::string, plugin::Members>> expected;
  std::vector<FilledView> filled;
  for (const std::int64_t limit : {0, 1}) {
    const BuildContext context = project.context(2, limit);
    const auto store = online::open_store(project.project(), context.plugins).value();
    const auto report = fill_online(views, options, *store, context);
    REQUIRE_MESSAGE(report.has_value(), report.error().message());
    if (limit == 0) {
      expected = everything(*store);
      filled = *report;
      std::filesystem::remove_all(project.path() / ".rtml/online");
      continue;
    }
    CHECK(expected.size() > 100);
    CHECK(everything(*store) == expected);
    for (std::size_t i = 0; i < views.size(); ++i) {
      CHECK((*report)[i].entities == filled[i].entities);
      CHECK((*report)[i].events == filled[i].events);
      CHECK((*report)[i].events_after_cutover == filled[i].events_after_cutover);
      CHECK((*report)[i].events_without_key == filled[i].events_without_key);
      CHECK((*report)[i].duplicates == filled[i].duplicates);
      CHECK(filled[i].duplicates > 0);
    }
  }
  CHECK(std::filesystem::is_empty(project.path() / ".rtml/spill"));
}

}  // namespace rtml::dataset
