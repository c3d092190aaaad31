#include "core/project/loader.h"

#include <doctest/doctest.h>

#include "core/base/time.h"
#include "core/project/identity.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::project {
namespace {

// The errors of the small project after one file was replaced or added.
std::string errors_with(const std::string& file, const std::string& text) {
  auto files = small_project();
  files[file] = text;
  const ProjectFixture fixture(files);
  const auto project = fixture.load();
  return project ? "" : ProjectFixture::messages(project.error());
}

std::string view_with(const std::string& feature) {
  return "kind: feature_view\nname: v\nentities: []\nsource: events\nfeatures:\n  - " + feature +
         "\n";
}

std::string pipeline_with(const std::string& split, const std::string& maturity = "1d") {
  return "kind: pipeline\nname: p\ndataset: {service: all, labels: {source: events, column: y, "
         "maturity: " +
         maturity + "}}\nsplit: " + split + "\nmodel: {type: linear}\nmetrics: [roc_auc]\n";
}

}  // namespace

TEST_CASE("Loader: reports every error of every file at once") {
  auto files = small_project();
  files["sources/events.yaml"] = "kind: source\nname: events\nbatch: {type: file}\n";
  files["features/more.yaml"] =
      "kind: feature_view\nname: More\nentities: []\nsource: evnts\n"
      "features: [{name: a, type: INT46}]\nwidnow: 1\n";
  files["pipelines/p.yml"] = "a: [1\n";
  const auto project = ProjectFixture(files).load();
  REQUIRE_FALSE(project);
  CHECK(ProjectFixture::messages(project.error()) ==
        "sources/events.yaml:1:1 RT0105 a source needs the key \"timestamp\"\n"
        "features/more.yaml:2:7 RT0107 \"name\" is not a valid name: \"More\"\n"
        "features/more.yaml:5:28 RT0107 \"type\" is not a type: \"INT46\" (did you mean "
        "\"INT64\"?)\n"
        "features/more.yaml:6:1 RT0104 unknown key \"widnow\"\n"
        "pipelines/p.yml:1:4 RT0101 a [ is not closed by ]\n");
}

TEST_CASE("Loader: one mistake is not reported again where its name is used") {
  CHECK(errors_with("sources/events.yaml", "kind: source\nname: events\nbatch: {type: file}\n") ==
        "sources/events.yaml:1:1 RT0105 a source needs the key \"timestamp\"\n");
  CHECK(errors_with("sources/events.yaml", "kind: source\nname: events\n\tx: 1\n") ==
        "sources/events.yaml:3:1 RT0101 a tab is used to indent\n");
}

TEST_CASE("Loader: references must lead somewhere") {
  CHECK(errors_with("features/v.yaml",
                    "kind: feature_view\nname: v\nentities: [usr]\nsource: event\n"
                    "features: [{name: a, type: INT64}]\n") ==
        "features/v.yaml:3:11 RT0108 view \"v\" names an unknown entity \"usr\" (did you mean "
        "\"user\"?)\n"
        "features/v.yaml:4:9 RT0108 unknown source \"event\" (did you mean \"events\"?)\n");
  CHECK(errors_with("features/s.yaml",
                    "kind: feature_service\nname: s\nfeatures: [activty, 'activity:bsy']\n") ==
        "features/s.yaml:3:12 RT0108 unknown feature view \"activty\" (did you mean "
        "\"activity\"?)\n"
        "features/s.yaml:3:22 RT0108 view \"activity\" has no feature \"bsy\" (did you mean "
        "\"busy\"?)\n");
  CHECK(errors_with("pipelines/p.yaml",
                    "kind: pipeline\nname: p\n"
                    "dataset: {service: al, labels: {source: event, column: y}}\n"
                    "split: {train: 1d, test: 1d}\nmodel: {type: linear}\nmetrics: [mae]\n") ==
        "pipelines/p.yaml:3:20 RT0108 unknown feature service \"al\" (did you mean \"all\"?)\n"
        "pipelines/p.yaml:3:41 RT0108 unknown source \"event\" (did you mean \"events\"?)\n");
}

TEST_CASE("Loader: a name is defined once") {
  CHECK(errors_with("sources/more.yaml",
                    "kind: source\nname: events\nbatch: {type: file}\ntimestamp: at\n") ==
        "sources/more.yaml:2:7 RT0109 source is defined twice: \"events\"\n");
  CHECK(errors_with("features/v.yaml",
                    "kind: feature_service\nname: activity\nfeatures: [activity]\n") ==
        "features/v.yaml:2:7 RT0109 feature_view is defined twice: \"activity\"\n");
  CHECK(errors_with("features/v.yaml",
                    view_with("{name: a, type: INT64}") + "  - {name: a, type: INT64}\n") ==
        "features/v.yaml:7:12 RT0109 view \"v\" has two features \"a\"\n");
}

TEST_CASE("Loader: columns of one table have different names") {
  CHECK(errors_with("features/v.yaml",
                    "kind: feature_view\nname: v\nentities: [user]\nsource: events\n"
                    "features: [{name: user_id, type: INT64}, {name: event_timestamp, type: "
                    "TIMESTAMP}]\n") ==
        "features/v.yaml:5:19 RT0107 a feature may not be called like a key or the time: "
        "\"user_id\"\n"
        "features/v.yaml:5:49 RT0107 a feature may not be called like a key or the time: "
        "\"event_timestamp\"\n");
  const std::string two = view_with("{name: busy, type: INT64}") +
                          "---\nkind: feature_service\nname: s\nfeatures: [activity, v]\n";
  CHECK(errors_with("features/v.yaml", two) ==
        "features/v.yaml:9:7 RT0107 service \"s\" has two columns \"busy\": activity:busy and "
        "v:busy\n");
  CHECK(errors_with("features/v.yaml", two + "full_feature_names: true\n") == "");
}

TEST_CASE("Loader: a window has what its type needs and nothing else") {
  const auto errors = [](const std::string& window) {
    return errors_with(
        "features/v.yaml",
        view_with("{name: a, type: INT64, aggregate: count, window: " + window + "}"));
  };
  const std::string at = "features/v.yaml:6:54 ";
  CHECK(errors("7d") == "");
  CHECK(errors("{size: 7d, delay: 7d, bounds: closed-open, resolution: 1d}") == "");
  CHECK(errors("{type: session, gap: 30m}") == "");
  CHECK(errors("{type: tumbling, size: 1d, offset: 1h, partial: true}") == "");
  CHECK(errors("{type: lifetime}") == "");
  CHECK(errors("{delay: 1d}") == at + "RT0105 a sliding window needs the key \"size\"\n");
  CHECK(errors("{type: session, size: 1d}") ==
        at + "RT0105 a session window needs the key \"gap\"\n"
             "features/v.yaml:6:70 RT0107 a session window has no \"size\"\n");
  CHECK(errors("{size: 7d, resolution: 2d}") ==
        "features/v.yaml:6:77 RT0107 size and delay are not multiples of the resolution: 2d\n");
  CHECK(errors("0d") == at + "RT0107 \"window\" must be longer than nothing: \"0d\"\n");
  CHECK(errors("15000000w") == at + "RT0107 size and delay reach beyond all dates: 105000000d\n");
}

TEST_CASE("Loader: a feature is computed in one way") {
  CHECK(errors_with("features/v.yaml",
                    view_with("{name: a, type: INT64, aggregate: count, expression: 1}")) ==
        "features/v.yaml:6:46 RT0107 a feature takes only one of the keys \"aggregate\", "
        "\"expression\"\n");
  CHECK(errors_with("features/v.yaml", view_with("{name: a, type: INT64, window: 1d}")) ==
        "features/v.yaml:6:5 RT0105 \"window\" makes sense only with \"aggregate\"\n");
}

TEST_CASE("Loader: a split leaves time for labels to mature") {
  CHECK(errors_with("pipelines/p.yaml", pipeline_with("{train: 1d, test: 1d}")) == "");
  CHECK(errors_with("pipelines/p.yaml", pipeline_with("{train: 1d, embargo: 1h, test: 1d}")) ==
        "pipelines/p.yaml:4:29 RT0107 the embargo is shorter than the labels' maturity, 1d: 1h\n");
  CHECK(errors_with("pipelines/p.yaml", pipeline_with("{train: 1d}")) ==
        "pipelines/p.yaml:4:8 RT0105 \"train\" makes sense only with \"test\"\n");
  CHECK(errors_with("pipelines/p.yaml",
                    pipeline_with("{train_from: 2024-01-01, train_to: 2024-02-01, "
                                  "test_from: 2024-01-15, test_to: 2024-03-01}")) ==
        "pipelines/p.yaml:4:66 RT0107 before the end of training: 2024-01-15\n");
}

TEST_CASE("Loader: an absent embargo is the labels' maturity") {
  auto files = small_project();
  files["pipelines/p.yaml"] = pipeline_with("{train: 2d, test: 1d}", "3d");
  const Project project = ProjectFixture(files).require();
  CHECK(project.pipelines()[0].split.embargo_us == 3 * kDay);
}

TEST_CASE("Loader: a view written as in Feast brings its source along") {
  auto files = small_project();
  files["features/feast.yaml"] = R"(name: driver_stats
entities: [driver_id]
ttl: 1d
features:
  - {name: conv_rate, type: Float}
  - {name: trips, type: Int64}
batch_source:
  type: FileSource
  path: data/${NAME:-driver}.parquet
  timestamp_field: event_time
  created_timestamp_column: created
  field_mapping: {cr: conv_rate}
stream_source:
  type: KafkaSource
  kafka_bootstrap_servers: localhost:9092
  topic: drivers
)";
  const Project project = ProjectFixture(files).require();
  const auto view = project.find_view("driver_stats");
  REQUIRE(view);
  CHECK((*view)->features[0].form == FeatureForm::kColumn);
  CHECK((*view)->features[0].column == "conv_rate");
  CHECK((*view)->features[0].type == table::DataType{table::Kind::kFloat});
  const Source& source = project.source_of(**view);
  REQUIRE(source.batch);
  CHECK(source.batch->type == "file");
  CHECK(source.batch->path == "data/driver.parquet");
  CHECK(source.timestamp.column == "event_time");
  CHECK(source.created->column == "created");
  REQUIRE(source.columns.size() == 1);
  CHECK(source.columns[0].name == "conv_rate");
  CHECK(source.columns[0].from == "cr");
  REQUIRE(source.stream);
  CHECK(source.stream->type == "kafka");
  CHECK(to_json_text(source.stream->options) ==
        R"({"topic":"drivers","brokers":"localhost:9092"})");
  const auto entity = project.find_entity("driver_id");
  REQUIRE(entity);
  CHECK((*entity)->implied);
}

TEST_CASE("Loader: variables are for places, not for meanings") {
  CHECK(errors_with("features/v.yaml", view_with("{name: a, type: '${T:-INT64}'}")) ==
        "features/v.yaml:6:21 RT0107 \"type\" may not depend on the environment: "
        "\"${T:-INT64}\"\n");
}

TEST_CASE("Loader: files without content, kind or mapping are refused") {
  CHECK(errors_with("features/v.yaml", "# nothing\n") ==
        "features/v.yaml:0:0 RT0105 the file defines nothing\n");
  CHECK(errors_with("features/v.yaml", "name: x\n") ==
        "features/v.yaml:1:1 RT0105 a definition needs the key \"kind\"\n");
  CHECK(errors_with("features/v.yaml", "kind: featureview\nname: x\n") ==
        "features/v.yaml:1:7 RT0107 \"kind\" is not a kind of definition: \"featureview\" (did you "
        "mean \"feature_view\"?)\n");
  CHECK(errors_with("features/v.yaml", "- a\n") ==
        "features/v.yaml:1:1 RT0106 a definition must be a mapping, not a list\n");
  CHECK(errors_with("rtml.yaml", "format: 2\nname: x\n") ==
        "rtml.yaml:1:9 RT0107 \"format\" must be the format number 1: 2\n");
}

TEST_CASE("Loader: an experiment's shares add up") {
  const auto errors = [](const std::string& arms) {
    return errors_with("experiments/e.yaml", "kind: experiment\nname: e\narms: " + arms + "\n");
  };
  CHECK(errors("[{name: a, share: 0.9}, {name: b, share: 0.1}]") == "");
  CHECK(errors("[{name: a, share: 0.5}, {name: b, share: 0.1}]") ==
        "experiments/e.yaml:3:7 RT0107 the shares of the arms do not add up to 1: 0.6\n");
  CHECK(errors("[{name: a, share: 0.5}, {name: a, share: 0.5}]") ==
        "experiments/e.yaml:3:38 RT0109 two arms are called \"a\"\n");
}

namespace {

// A project whose view reads two sources.
std::map<std::string, std::string> two_sources(const std::string& sources,
                                               const std::string& features) {
  auto files = small_project();
  files["sources/others.yaml"] =
      "kind: source\nname: logins\nbatch: {type: file, path: logins.csv}\ntimestamp: at\nid: n\n";
  files["features/user.yaml"] =
      "kind: feature_view\nname: v\nentities: [user_id]\n" + sources + "\nfeatures:\n" + features;
  return files;
}

}  // namespace

TEST_CASE("loader: a view of several sources reads their union") {
  const Project project =
      ProjectFixture(two_sources("sources: [logins, events]",
                                 "  - {name: a, type: INT64, aggregate: count, source: events}\n"))
          .require();
  const FeatureView& view = project.views()[0];
  CHECK(view.source == "logins+events");
  CHECK(view.features[0].source.text == "events");
  const Source& source = project.source_of(view);
  REQUIRE(source.parts.size() == 2);
  CHECK(source.parts[0].name == "logins");
  CHECK(source.batch->path == "logins.csv, events.csv");
  CHECK(project.sources().size() == 2);
  CHECK(project.sources_of(view)[1]->name == "events");
  CHECK(to_canonical_json(canonical(view)) ==
        R"({"entities":["user_id"],"features":[{"aggregate":"count","name":"a","source":"events",)"
        R"("type":"INT64"}],"kind":"feature_view","name":"v","sources":["logins","events"]})");
  CHECK(content(project, view).at("sources").size() == 2);
}

TEST_CASE("loader: a list of one source is that source") {
  const std::string feature = "  - {name: a, type: INT64, aggregate: count}\n";
  const Project one = ProjectFixture(two_sources("source: events", feature)).require();
  const Project list = ProjectFixture(two_sources("sources: [events]", feature)).require();
  CHECK(identity(one, one.views()[0]) == identity(list, list.views()[0]));
  CHECK(!list.source_of(list.views()[0]).is_union());
}

TEST_CASE("loader: what is wrong with several sources is told at its place") {
  const auto errors = [](const std::string& sources, const std::string& feature) {
    const auto loaded = ProjectFixture(two_sources(sources, "  - " + feature + "\n")).load();
    REQUIRE(!loaded);
    return ProjectFixture::messages(loaded.error());
  };
  const std::string count = "{name: a, type: INT64, aggregate: count}";
  CHECK(errors("sources: [events, login]", count) ==
        "features/user.yaml:4:19 RT0108 unknown source \"login\" (did you mean \"logins\"?)\n");
  CHECK(errors("sources: [events, logins]\nsource: events", count).find("sources") !=
        std::string::npos);
  CHECK(errors("sources: [events, events]", count).find("4:19") != std::string::npos);
  CHECK(errors("sources: [events, logins]",
               "{name: a, type: INT64, aggregate: count, source: login}") ==
        "features/user.yaml:6:54 RT0108 view \"v\" has no source \"login\" (did you mean "
        "\"logins\"?)\n");
  CHECK(errors("sources: [events, logins]", "{name: a, type: INT64, source: logins}") ==
        "features/user.yaml:6:36 RT0107 feature a is no aggregate, so it has no \"source\": "
        "logins\n");
}

}  // namespace rtml::project
