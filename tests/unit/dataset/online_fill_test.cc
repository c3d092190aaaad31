// A fill within a memory that holds nothing leaves in the store what a fill without a limit leaves.

#include "core/dataset/online_fill.h"

#include "core/online/open_store.h"
#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;

// Every group of a store, with its members.
std::vector<std::pair<std::string, plugin::Members>> everything(plugin::OnlineStore& store) {
  return store.scan("", "", 1'000'000, {}).value();
}

}  // namespace

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
