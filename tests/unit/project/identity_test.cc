#include "core/project/identity.h"

#include <doctest/doctest.h>

#include <set>

#include "core/base/hash.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::project {
namespace {

// Returns the identity of the small project's view after a text of its files was replaced.
std::string view_identity(const std::string& before = "", const std::string& after = "") {
  auto files = small_project();
  if (!before.empty()) {
    bool found = false;
    for (auto& [name, text] : files) {
      const std::size_t position = text.find(before);
      if (position == std::string::npos) continue;
      text.replace(position, before.size(), after);
      found = true;
      break;
    }
    REQUIRE(found);
  }
  const Project project = ProjectFixture(files).require();
  return identity(project, project.views()[0]);
}

}  // namespace

TEST_CASE("identity: is the sha256 of the content that the registry keeps") {
  const Project project = ProjectFixture(small_project()).require();
  const Json view = content(project, project.views()[0]);
  CHECK(to_canonical_json(view["definition"]) ==
        R"({"entities":["user"],"features":[{"aggregate":"count","name":"count_1d","type":"INT64",)"
        R"("window":{"size":"1d"}},{"expression":"count_1d > 5","name":"busy","type":"BOOL"}],)"
        R"("kind":"feature_view","name":"activity","source":"events"})");
  CHECK(view["semantics"] == kSemantics);
  CHECK(view["source"] == identity(project, project.sources()[0]));
  CHECK(view["entities"]["user"] == identity(project, project.entities()[0]));
  CHECK(identity(project, project.views()[0]) == sha256_hex(to_canonical_json(view)));
}

TEST_CASE("identity: what has no meaning does not count") {
  const std::string same = view_identity();
  CHECK(view_identity("events.csv", "'${DIR:-elsewhere}/events.csv'") == same);
  CHECK(view_identity("type: file, path", "type: file, delimiter: ';', path") == same);
  CHECK(view_identity("timestamp: at", "timestamp: {column: at}") == same);
  CHECK(view_identity("timestamp: at", "timestamp: at\nnan: value") == same);
  CHECK(view_identity("timestamp: at", "timestamp: at\ncolumns: {a: {from: a}}") == same);
  CHECK(view_identity("window: 1d", "window: {size: 24h, delay: 0s}") == same);
  CHECK(view_identity("source: events\n",
                      "source: events\nttl: 0s\nowner: me\ntags: {a: b}\ndescription: d\n") ==
        same);
  CHECK(view_identity("source: events\n",
                      "source: events\nwatermark_delay: 5000ms\nhistory: 24h\nmax_future: 60m\n"
                      "max_events_per_entity: 100000\n") == same);
  CHECK(view_identity("expression: count_1d > 5", "expression: 'count_1d > 5'") == same);
  CHECK(view_identity("type: BOOL,", "type: bool, description: x,") == same);
}

TEST_CASE("identity: what has meaning counts") {
  std::set<std::string> identities = {view_identity()};
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"timestamp: at", "timestamp: {column: at, unit: s}"},
      {"timestamp: at", "timestamp: at\nid: tx"},
      {"timestamp: at", "timestamp: at\ncreated: made"},
      {"timestamp: at", "timestamp: at\nnan: null"},
      {"timestamp: at", "timestamp: at\ncolumns: {x: DOUBLE}"},
      {"timestamp: at", "timestamp: at\ncolumns: {x: {from: y}}"},
      {"user_id: INT64", "user_id: STRING"},
      {"window: 1d", "window: 2d"},
      {"window: 1d", "window: {size: 1d, delay: 1d}"},
      {"window: 1d", "window: {size: 1d, bounds: closed-open}"},
      {", window: 1d", ""},
      {"aggregate: count,", "aggregate: count(x),"},
      {"aggregate: count,", "aggregate: count, filter: x > 1,"},
      {"count_1d > 5", "count_1d > 6"},
      {"source: events\n", "source: events\nttl: 1d\n"},
      {"source: events\n", "source: events\nas_of_created: true\n"},
      {"source: events\n", "source: events\nwatermark_delay: 6s\n"},
      {"source: events\n", "source: events\nallowed_lateness: 1d\n"},
      {"source: events\n", "source: events\nhistory: 2d\n"},
      {"source: events\n", "source: events\nmax_future: 2h\n"},
      {"source: events\n", "source: events\nmax_events_per_entity: 100\n"},
  };
  for (const auto& [before, after] : changes) {
    CAPTURE(after);
    CHECK(identities.insert(view_identity(before, after)).second);
  }
}

TEST_CASE("identity: a service and a pipeline follow what they stand on") {
  auto files = small_project();
  files["pipelines/p.yaml"] =
      "kind: pipeline\nname: p\ndataset: {service: all, labels: {source: events, column: y}}\n"
      "split: {train: 1d, test: 1d}\nmodel: {type: linear}\nmetrics: [mae]\n";
  const Project first = ProjectFixture(files).require();
  files["features/user.yaml"].replace(files["features/user.yaml"].find("> 5"), 3, "> 7");
  const Project second = ProjectFixture(files).require();
  CHECK(identity(first, first.sources()[0]) == identity(second, second.sources()[0]));
  CHECK(identity(first, first.services()[0]) != identity(second, second.services()[0]));
  CHECK(identity(first, first.pipelines()[0]) != identity(second, second.pipelines()[0]));
}

}  // namespace rtml::project
