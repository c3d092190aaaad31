#include "core/plan/plan.h"

#include <doctest/doctest.h>

#include <memory>

#include "core/base/clock.h"
#include "core/plan/retire.h"
#include "core/registry/registry.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::plan {
namespace {

std::map<std::string, std::string> files_with(const std::string& before, const std::string& after) {
  auto files = project::small_project();
  std::string& text = files["features/user.yaml"];
  const std::size_t position = text.find(before);
  REQUIRE(position != std::string::npos);
  text.replace(position, before.size(), after);
  return files;
}

// A registry that projects are applied to.
class PlanFixture {
 public:
  Plan plan(const project::Project& project) {
    if (!registry_.exists()) return make_plan(project, {});
    const auto reader = registry_.read();
    REQUIRE(reader);
    const auto registered = read_registered(*reader);
    REQUIRE(registered);
    return make_plan(project, *registered);
  }

  // A project that may name versions of this registry.
  project::Project load(const std::map<std::string, std::string>& files) {
    projects_.push_back(std::make_unique<project::ProjectFixture>(files));
    auto loaded = project::Project::load(projects_.back()->root(), Environment(), [this] {
      std::vector<project::StoredDefinition> stored;
      for (const registry::Definition& known : registered().all) {
        stored.push_back(
            {known.kind, known.name, known.number, known.identity, known.content, known.retired});
      }
      return Result<std::vector<project::StoredDefinition>>(std::move(stored));
    });
    if (!loaded) FAIL(project::ProjectFixture::messages(loaded.error()));
    return std::move(*loaded);
  }

  Registered registered() {
    const auto reader = registry_.read();
    REQUIRE(reader);
    auto registered = read_registered(*reader);
    REQUIRE(registered);
    return std::move(*registered);
  }

  Status apply_project(const project::Project& project, bool allow_breaking = false) {
    const auto answer =
        registry_.change({}, [&](registry::Transaction& transaction) -> Result<Json> {
          RTML_TRY_ASSIGN(const Registered registered, read_registered(transaction));
          RTML_TRY(apply(make_plan(project, registered), allow_breaking, transaction));
          return Json();
        });
    if (!answer) return fail(answer.error());
    return {};
  }

 private:
  test::TemporaryDirectory directory_;
  FakeClock clock_{0};
  registry::Registry registry_{directory_ / ".rtml", clock_};
  std::vector<std::unique_ptr<project::ProjectFixture>> projects_;
};

std::string summary(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    text += step.name + " " + std::string(to_string(step.action)) + " " + step.current + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("make_plan: follows a project through its life") {
  PlanFixture registry;
  const auto first = project::ProjectFixture(project::small_project()).require();
  CHECK(summary(registry.plan(first)) == "events new \nuser new \nactivity new \nall new \n");
  REQUIRE(registry.apply_project(first));
  const Plan unchanged = registry.plan(first);
  CHECK_FALSE(unchanged.has_changes());
  CHECK(unchanged.count(Action::kUnchanged) == 4);

  // A wider window changes the view, and with it the service that binds the view.
  const auto wider = project::ProjectFixture(files_with("window: 1d", "window: 2d")).require();
  const Plan plan = registry.plan(wider);
  CHECK(summary(plan) ==
        "events unchanged events@v1\nuser unchanged user@v1\nactivity changed activity@v1\n"
        "all changed all@v1\n");
  CHECK(plan.steps[2].changes ==
        std::vector<std::string>{"feature count_1d: window.size: 1d -> 2d"});
  CHECK(plan.breaks().empty());
  REQUIRE(registry.apply_project(wider));
  CHECK(registry.plan(wider).steps[2].current == "activity@v2");

  // What was there before is found again by its meaning.
  REQUIRE(registry.apply_project(first));
  CHECK(registry.plan(first).steps[2].current == "activity@v1");
}

TEST_CASE("make_plan: a version that a service names does not move with the view") {
  PlanFixture registry;
  REQUIRE(registry.apply_project(registry.load(project::small_project())));
  auto files = files_with("features: [activity]", "features: [\"activity@v1:count_1d\"]");
  REQUIRE(registry.apply_project(registry.load(files)));
  // The feature goes and the service keeps it: nobody is broken, and the service is what it was.
  std::string& text = files["features/user.yaml"];
  const std::size_t feature = text.find("  - {name: count_1d");
  text.erase(feature, text.find("  - {name: busy") - feature);
  const std::size_t expression = text.find("count_1d > 5");
  text.replace(expression, 12, "true");
  const auto moved = registry.load(files);
  const Plan plan = registry.plan(moved);
  CHECK(summary(plan) ==
        "events unchanged events@v1\nuser unchanged user@v1\nactivity changed activity@v1\n"
        "all unchanged all@v2\n");
  CHECK(plan.breaks().empty());
  REQUIRE(registry.apply_project(moved));

  // Who names a version uses it, whether it is the project's or not.
  const auto retirement = plan_retirement("activity@v1", registry.registered());
  REQUIRE(retirement);
  CHECK(retirement->users == std::vector<std::string>{"service all@v1", "service all@v2"});
  CHECK(plan_retirement("activity@v2", registry.registered())->users.empty());
}

TEST_CASE("apply: refuses to break a service unless told to") {
  PlanFixture registry;
  const auto first = project::ProjectFixture(project::small_project()).require();
  REQUIRE(registry.apply_project(first));
  const auto retyped =
      project::ProjectFixture(files_with("count_1d, type: INT64", "count_1d, type: DOUBLE"))
          .require();
  CHECK(registry.plan(retyped).breaks() ==
        std::vector<std::string>{
            "service all@v1 uses activity:count_1d, which becomes DOUBLE instead of INT64"});
  const auto refused = registry.apply_project(retyped);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::kBreakingChange);
  CHECK_FALSE(registry.plan(first).has_changes());
  REQUIRE(registry.apply_project(retyped, true));
  CHECK_FALSE(registry.plan(retyped).has_changes());
}

TEST_CASE("make_plan: retires what the project no longer defines") {
  PlanFixture registry;
  auto files = project::small_project();
  REQUIRE(registry.apply_project(project::ProjectFixture(files).require()));
  files.erase("features/user.yaml");
  const auto bare = project::ProjectFixture(files).require();
  const Plan plan = registry.plan(bare);
  CHECK(summary(plan) ==
        "events unchanged events@v1\nuser retired user@v1\nactivity retired activity@v1\n"
        "all retired all@v1\n");
  CHECK(plan.breaks().size() == 2);
  CHECK_FALSE(registry.apply_project(bare));
  REQUIRE(registry.apply_project(bare, true));
  CHECK(summary(registry.plan(bare)) == "events unchanged events@v1\n");
}

}  // namespace rtml::plan
