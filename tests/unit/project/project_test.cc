#include "core/project/project.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/base/time.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::project {
namespace {

std::vector<std::string> names_of(const std::vector<ServiceColumn>& columns) {
  std::vector<std::string> names;
  for (const ServiceColumn& column : columns) names.push_back(column.name);
  return names;
}

}  // namespace

TEST_CASE("Project::load: reads the electricity example") {
  const auto project =
      Project::load(std::filesystem::path(std::getenv("RTML_SOURCE_DIR")) / "examples/electricity",
                    Environment());
  if (!project) FAIL(ProjectFixture::messages(project.error()));
  CHECK(project->settings().name == "electricity");
  REQUIRE(project->views().size() == 3);
  CHECK(project->views()[0].name == "class_past");
  const Feature& yesterday = project->views()[0].features[1];
  CHECK(yesterday.name == "class_yesterday");
  CHECK(yesterday.form == FeatureForm::kAggregate);
  CHECK(yesterday.aggregate.text == "last(class)");
  CHECK(yesterday.aggregate.location.column > 0);
  REQUIRE(yesterday.window);
  CHECK(yesterday.window->size_us == 30 * kMinute);
  CHECK(yesterday.window->delay_us == kDay);
  const auto pipeline = project->find_pipeline("price_direction");
  REQUIRE(pipeline);
  CHECK((*pipeline)->split.train_us == 720 * kDay);
  CHECK((*pipeline)->model.name == "price_direction");
  const auto service = project->find_service("price_direction");
  REQUIRE(service);
  CHECK(project->columns_of(**service).size() == 13);
}

TEST_CASE("Project: finds by name and proposes the nearest") {
  const Project project = ProjectFixture(small_project()).require();
  REQUIRE(project.find_view("activity"));
  const auto missing = project.find_view("activty");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == ErrorCode::kUnknownReference);
  CHECK(missing.error().message() ==
        "no feature view is called \"activty\" (did you mean \"activity\"?)");
  CHECK(project.source_of(project.views()[0]).timestamp.column == "at");
  REQUIRE(project.keys_of(project.views()[0]).size() == 1);
  CHECK(project.keys_of(project.views()[0])[0].column == "user_id");
}

TEST_CASE("Project::resolve_features: takes views, features and services") {
  const Project project = ProjectFixture(small_project()).require();
  const auto names = [&](std::vector<std::string> references, bool full) {
    const auto columns = project.resolve_features(references, full);
    return columns ? names_of(*columns) : std::vector<std::string>{columns.error().message()};
  };
  using Names = std::vector<std::string>;
  CHECK(names({"activity"}, false) == Names{"count_1d", "busy"});
  CHECK(names({"activity:busy"}, true) == Names{"activity__busy"});
  CHECK(names({"all"}, false) == Names{"count_1d", "busy"});
  CHECK(names({"activity:bussy"}, false) ==
        Names{"no feature of view \"activity\" is called \"bussy\" (did you mean \"busy\"?)"});
  CHECK(names({"al"}, false) ==
        Names{"no feature view or service is called \"al\" (did you mean \"all\"?)"});
}

}  // namespace rtml::project
