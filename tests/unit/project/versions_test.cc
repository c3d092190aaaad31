#include "core/project/versions.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/project/identity.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::project {
namespace {

using Files = std::map<std::string, std::string>;

std::string replaced(std::string text, const std::string& before, const std::string& after) {
  const std::size_t position = text.find(before);
  REQUIRE(position != std::string::npos);
  return text.replace(position, before.size(), after);
}

// A registry that projects are applied to, one after the other.
class StoredFixture {
 public:
  void apply(const Project& project) {
    for (const Source& source : project.sources()) put("source", project, source);
    for (const Entity& entity : project.entities()) {
      if (!entity.implied) put("entity", project, entity);
    }
    for (const FeatureView& view : project.views()) put("feature_view", project, view);
    for (const OnDemandView& view : project.on_demand_views()) {
      put("on_demand_view", project, view);
    }
    for (const FeatureService& service : project.services()) {
      put("feature_service", project, service);
    }
  }

  StoredDefinitions reader() {
    return [this]() -> Result<std::vector<StoredDefinition>> {
      ++reads;
      return stored;
    };
  }

  StoredDefinition& find(const std::string& kind, const std::string& label) {
    for (StoredDefinition& definition : stored) {
      if (definition.kind == kind && definition.label() == label) return definition;
    }
    FAIL("not stored: " << label);
    return stored.front();
  }

  std::vector<StoredDefinition> stored;
  int reads = 0;

 private:
  template <typename Definition>
  void put(const std::string& kind, const Project& project, const Definition& definition) {
    const std::string sha256 = identity(project, definition);
    std::int64_t number = 1;
    for (const StoredDefinition& known : stored) {
      if (known.kind != kind || known.name != definition.name) continue;
      if (known.identity == sha256) return;
      number = known.number + 1;
    }
    // As a registry gives it back.
    const Json kept =
        parse_json(to_canonical_json(content(project, definition)), "content").value();
    stored.push_back({kind, definition.name, number, sha256, kept, false});
  }
};

class VersionsFixture {
 public:
  explicit VersionsFixture(Files files) : files_(std::move(files)) {}

  // Replaces a text of a file, and applies the project if it is sound.
  void change(const std::string& file, const std::string& before, const std::string& after) {
    files_[file] = replaced(files_[file], before, after);
  }
  void apply() { registry.apply(require()); }
  Result<Project> load() {
    fixtures_.push_back(std::make_unique<ProjectFixture>(files_));
    return Project::load(fixtures_.back()->root(), Environment(), registry.reader());
  }
  Project require() {
    auto project = load();
    if (!project) FAIL(ProjectFixture::messages(project.error()));
    return std::move(*project);
  }
  std::string failure() {
    const auto project = load();
    REQUIRE(!project);
    return ProjectFixture::messages(project.error());
  }

  StoredFixture registry;

 private:
  Files files_;
  std::vector<std::unique_ptr<ProjectFixture>> fixtures_;
};

// The small project, applied with a window of a day and then of two.
VersionsFixture two_versions() {
  VersionsFixture fixture(small_project());
  fixture.apply();
  fixture.change("features/user.yaml", "window: 1d", "window: 2d");
  fixture.apply();
  return fixture;
}

std::vector<std::string> names_of(const std::vector<ServiceColumn>& columns) {
  std::vector<std::string> names;
  for (const ServiceColumn& column : columns) names.push_back(column.name);
  return names;
}

template <typename T>
std::string message_of(const Result<T>& result) {
  REQUIRE(!result);
  return result.error().message();
}

}  // namespace

TEST_CASE("Versions: a version is the view that was applied") {
  VersionsFixture fixture = two_versions();
  const Project project = fixture.require();
  const auto view = project.find_view("activity@v1");
  REQUIRE(view);
  CHECK((*view)->name == "activity@v1");
  CHECK((*view)->features[0].window->size_us == 86'400'000'000L);
  CHECK(identity(project, **view) == fixture.registry.find("feature_view", "activity@v1").identity);
  // What did not change is the project's, so that it is read once.
  CHECK(&project.source_of(**view) == &project.sources()[0]);
  REQUIRE(project.keys_of(**view).size() == 1);
  CHECK(project.keys_of(**view)[0].column == "user_id");
  CHECK(*project.find_view("activity@v1") == *view);
}

TEST_CASE("Versions: what the project defines is the project's, whatever its number") {
  VersionsFixture fixture = two_versions();
  const Project project = fixture.require();
  const auto view = project.find_view("activity@v2");
  REQUIRE(view);
  CHECK(*view == &project.views()[0]);
  CHECK(project.find_service("all@v2").value() == project.find_service("all").value());
}

TEST_CASE("Versions: the registry is read when a version is named, once") {
  VersionsFixture fixture = two_versions();
  fixture.registry.reads = 0;
  const Project project = fixture.require();
  REQUIRE(project.find_view("activity"));
  CHECK(fixture.registry.reads == 0);
  REQUIRE(project.find_view("activity@v1"));
  REQUIRE(project.find_service("all@v1"));
  CHECK(fixture.registry.reads == 1);
}

TEST_CASE("Versions: a service takes versions beside the view") {
  VersionsFixture fixture = two_versions();
  fixture.change("features/user.yaml", "features: [activity]",
                 "features: [activity, \"activity@v1:count_1d\"]\nfull_feature_names: true");
  const Project project = fixture.require();
  const FeatureService& service = project.services()[0];
  const FeatureSelection selection = project.selection_of(service);
  CHECK(names_of(selection.features) ==
        std::vector<std::string>{"activity__count_1d", "activity__busy", "activity_v1__count_1d"});
  CHECK(selection.features[2].view->name == "activity@v1");
  // It binds what the number means.
  const Json bound = content(project, service);
  CHECK(bound["views"]["activity"] == identity(project, project.views()[0]));
  CHECK(bound["views"]["activity@v1"] ==
        fixture.registry.find("feature_view", "activity@v1").identity);
  const auto used = project.views_in_use();
  REQUIRE(used.size() == 2);
  CHECK(used[1]->name == "activity@v1");
}

TEST_CASE("Versions: a service stays what it is while the view moves on") {
  VersionsFixture fixture(small_project());
  fixture.apply();
  fixture.change("features/user.yaml", "features: [activity]", "features: [activity@v1]");
  const Project before = fixture.require();
  CHECK(before.selection_of(before.services()[0]).features[0].view == &before.views()[0]);
  fixture.change("features/user.yaml", "window: 1d", "window: 2d");
  const Project after = fixture.require();
  CHECK(after.selection_of(after.services()[0]).features[0].view->name == "activity@v1");
  CHECK(identity(before, before.services()[0]) == identity(after, after.services()[0]));
}

TEST_CASE("Versions: a version of a service has the views of its time") {
  VersionsFixture fixture = two_versions();
  const Project project = fixture.require();
  const auto service = project.find_service("all@v1");
  REQUIRE(service);
  const auto columns = project.columns_of(**service);
  CHECK(names_of(columns) == std::vector<std::string>{"count_1d", "busy"});
  CHECK(columns[0].view->name == "activity@v1");
  CHECK(identity(project, **service) ==
        fixture.registry.find("feature_service", "all@v1").identity);
}

TEST_CASE("Versions: an on-demand view takes versions, and is one") {
  Files files = small_project();
  files["features/asked.yaml"] =
      "kind: on_demand_view\nname: asked\nrequest: {x: DOUBLE}\ninputs: [activity]\n"
      "features: [{name: y, type: DOUBLE, expression: x / count_1d}]\n";
  VersionsFixture fixture(files);
  fixture.apply();
  fixture.change("features/user.yaml", "window: 1d", "window: 2d");
  fixture.apply();
  fixture.change("features/asked.yaml", "inputs: [activity]", "inputs: [activity, activity@v1]");
  fixture.change("features/asked.yaml", "count_1d", "(activity__count_1d + activity_v1__count_1d)");
  fixture.change("features/user.yaml", "features: [activity]",
                 "features: [asked, asked@v1]\nfull_feature_names: true");
  const Project project = fixture.require();
  CHECK(names_of(project.inputs_of(project.on_demand_views()[0])) ==
        std::vector<std::string>{"activity__count_1d", "activity__busy", "activity_v1__count_1d",
                                 "activity_v1__busy"});
}

TEST_CASE("Versions: an on-demand view of a version reads what it was applied with") {
  Files files = small_project();
  files["features/asked.yaml"] =
      "kind: on_demand_view\nname: asked\nrequest: {x: DOUBLE}\ninputs: [activity]\n"
      "features: [{name: y, type: DOUBLE, expression: x / count_1d}]\n";
  VersionsFixture fixture(files);
  fixture.apply();
  fixture.change("features/user.yaml", "window: 1d", "window: 2d");
  fixture.apply();
  const Project project = fixture.require();
  const auto first = project.find_on_demand_view("asked@v1");
  REQUIRE(first);
  const auto inputs = project.inputs_of(**first);
  REQUIRE(inputs.size() == 2);
  CHECK(inputs[0].view->name == "activity@v1");
  CHECK(inputs[0].name == "activity__count_1d");
  CHECK(project.find_on_demand_view("asked@v2").value() ==
        project.find_on_demand_view("asked").value());
}

TEST_CASE("Versions: the source is the one of then, its storage that of today") {
  VersionsFixture fixture(small_project());
  fixture.apply();
  fixture.change("sources/events.yaml", "timestamp: at",
                 "timestamp: {column: at, unit: ms}\nid: n");
  fixture.change("sources/events.yaml", "events.csv", "moved.csv");
  fixture.apply();
  const Project project = fixture.require();
  const auto view = project.find_view("activity@v1");
  REQUIRE(view);
  const Source& source = project.source_of(**view);
  CHECK(&source != &project.sources()[0]);
  CHECK(source.label() == "events@v1");
  CHECK(source.id.empty());
  CHECK(!source.timestamp.unit);
  REQUIRE(source.batch);
  CHECK(source.batch->path == "moved.csv");
}

TEST_CASE("Versions: keys have the types of then") {
  VersionsFixture fixture(small_project());
  fixture.apply();
  fixture.change("features/user.yaml", "user_id: INT64", "user_id: STRING");
  fixture.apply();
  const Project project = fixture.require();
  const auto view = project.find_view("activity@v1");
  REQUIRE(view);
  const table::DataType integer{table::Kind::kInt64};
  CHECK(project.keys_of(**view)[0].type == integer);
  // The source has not changed, but its column is read otherwise.
  CHECK(project.column_types(project.source_of(**view)).at("user_id") == integer);
  CHECK(project.column_types(project.sources()[0]).at("user_id") ==
        table::DataType{table::Kind::kString});
}

TEST_CASE("Versions: several sources, of which one has changed") {
  const std::filesystem::path data =
      std::filesystem::path(std::getenv("RTML_SOURCE_DIR")) / "tests/data/two_sources";
  Files files;
  for (const char* file : {"rtml.yaml", "sources/sources.yaml", "features/card.yaml"}) {
    files[file] = read_file(data / file).value();
  }
  VersionsFixture fixture(files);
  fixture.apply();
  fixture.change("sources/sources.yaml", "failed: BOOL", "failed: BOOL, score: DOUBLE");
  const Project project = fixture.require();
  const auto view = project.find_view("card_signals@v1");
  REQUIRE(view);
  const auto sources = project.sources_of(**view);
  REQUIRE(sources.size() == 2);
  CHECK(sources[0] == *project.find_source("payments"));
  CHECK(sources[1]->label() == "logins@v1");
  CHECK(project.source_of(**view).is_union());
  CHECK(project.source_of(**view).name == "payments+logins");
}

TEST_CASE("Versions: what is not there is refused at its place, naming what is") {
  VersionsFixture fixture = two_versions();
  fixture.registry.find("feature_view", "activity@v1").retired = true;
  const Project project = fixture.require();
  const auto missing = project.find_view("activity@v7");
  CHECK(message_of(missing) == "the registry has no such version: activity@v7");
  CHECK(missing.error().help() == "there are activity@v1 (retired), activity@v2");
  CHECK(message_of(project.find_view("activty@v1")) ==
        "the registry has no such version: activty@v1 (did you mean \"activity\"?)");
  CHECK(message_of(project.find_view("activity@v1")) ==
        "nobody is to use a retired version: activity@v1");
  fixture.change("features/user.yaml", "features: [activity]", "features: [activity, activity@v3]");
  CHECK(fixture.failure() ==
        "features/user.yaml:15:22 RT0108 the registry has no such version: activity@v3\n");
  fixture.change("features/user.yaml", "activity@v3", "\"activity@v2:cuont_1d\"");
  CHECK(fixture.failure() ==
        "features/user.yaml:15:23 RT0108 view \"activity@v2\" has no feature \"cuont_1d\" (did you "
        "mean \"count_1d\"?)\n");
}

TEST_CASE("Versions: what was recorded is found although it is retired") {
  VersionsFixture fixture = two_versions();
  StoredDefinition& first = fixture.registry.find("feature_view", "activity@v1");
  first.retired = true;
  const Project project = fixture.require();
  const auto name = project.recorded_view("activity", first.identity);
  REQUIRE(name);
  CHECK(*name == "activity@v1");
  CHECK(project.find_view(*name));
  CHECK(project.recorded_view("activity", identity(project, project.views()[0])).value() ==
        "activity");
  CHECK(project.recorded_view("activity", std::string(64, '0')).error().code() ==
        ErrorCode::kRegistryNotFound);
}

TEST_CASE("Versions: without its source a version is refused") {
  VersionsFixture fixture = two_versions();
  fixture.change("sources/events.yaml", "name: events", "name: actions");
  fixture.change("features/user.yaml", "source: events", "source: actions");
  const Project project = fixture.require();
  CHECK(message_of(project.find_view("activity@v1")) ==
        "activity@v1 reads source \"events\", which the project does not define");
}

TEST_CASE("Versions: a damaged registry is noticed") {
  VersionsFixture fixture = two_versions();
  StoredDefinition& first = fixture.registry.find("feature_view", "activity@v1");
  SUBCASE("another definition than its identity says") {
    first.content["definition"]["ttl"] = "1d";
    CHECK(fixture.require().find_view("activity@v1").error().code() == ErrorCode::kRegistryCorrupt);
  }
  SUBCASE("an entity that is not there") {
    first.content["entities"]["user"] = "0";
    CHECK(fixture.require().find_view("activity@v1").error().code() == ErrorCode::kRegistryCorrupt);
  }
  SUBCASE("a source that is not there") {
    first.content["source"] = Json();
    CHECK(fixture.require().find_view("activity@v1").error().code() ==
          ErrorCode::kRegistryNotFound);
  }
  SUBCASE("other semantics") {
    first.content["semantics"] = kSemantics + 1;
    CHECK(fixture.require().find_view("activity@v1").error().code() == ErrorCode::kUnsupported);
  }
  SUBCASE("no object") {
    first.content = Json(1);
    CHECK(fixture.require().find_view("activity@v1").error().code() == ErrorCode::kUnsupported);
  }
}

}  // namespace rtml::project
