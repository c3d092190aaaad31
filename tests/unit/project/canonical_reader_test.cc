#include "core/project/canonical_reader.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "core/base/time.h"
#include "core/project/identity.h"
#include "tests/unit/project/project_fixture.h"

namespace rtml::project {
namespace {

template <typename Definition, typename Read>
void check_round_trip(const Definition& definition, const Read& read) {
  const std::string written = to_canonical_json(canonical(definition));
  CAPTURE(written);
  // As a registry gives it back: members in the order of RFC 8785.
  const auto stored = parse_json(written, "test");
  REQUIRE(stored);
  const auto again = read(*stored, definition.name + "@v1");
  if (!again) FAIL(ProjectFixture::messages(again.error()));
  CHECK(to_canonical_json(canonical(*again)) == written);
}

void check_round_trips(const Project& project) {
  for (const Source& source : project.sources()) check_round_trip(source, read_canonical_source);
  for (const Entity& entity : project.entities()) check_round_trip(entity, read_canonical_entity);
  for (const FeatureView& view : project.views()) check_round_trip(view, read_canonical_view);
  for (const OnDemandView& view : project.on_demand_views()) {
    check_round_trip(view, read_canonical_on_demand_view);
  }
  for (const FeatureService& service : project.services()) {
    check_round_trip(service, read_canonical_service);
  }
}

// A project with every key that has meaning, and texts that JSON and YAML write in ways of their
// own.
std::map<std::string, std::string> project_with_every_key() {
  return {{"rtml.yaml", "format: 1\nname: every\n"},
          {"sources/all.yaml", R"yaml(kind: source
name: payments
batch: {type: file, path: p.csv}
timestamp: {column: "at: \"here\"", unit: ms}
created: made
id: 'id # of'
nan: null
columns: {amount: {from: "A \\ B", type: DOUBLE}, card: {from: "ké"}, list: LIST<STRING>}
---
kind: source
name: logins
stream: {type: file, path: l.jsonl}
timestamp: at
)yaml"},
          {"features/all.yaml", R"yaml(kind: entity
name: card
key: {zone: STRING, card: INT64}
---
kind: entity
name: terminal
key: terminal_id
---
kind: feature_view
name: every
entities: [card, terminal, "null"]
sources: [payments, logins]
ttl: 36h
as_of_created: true
watermark_delay: 6s
allowed_lateness: 0s
history: 90m
max_future: 1us
max_events_per_entity: 7
features:
  - {name: a, type: INT64, aggregate: count, window: {size: 7d, delay: 1d, bounds: closed-open}, source: payments}
  - {name: b, type: DOUBLE, aggregate: "quantile(amount, 0.5)", filter: "x == 'a \"b\" \\ $${HOME} $$${X} é' or y", window: {size: 2h, resolution: 1h}}
  - {name: c, type: INT64, aggregate: count, window: {type: tumbling, size: 1d, offset: 6h, partial: true}}
  - {name: d, type: INT64, aggregate: count, window: {type: session, gap: 30m, max_length: 2h, closed: true}}
  - {name: e, type: INT64, aggregate: count, window: {type: lifetime}}
  - {name: f, type: INT64, aggregate: count}
  - {name: g, type: LIST<STRING>, aggregate: "last_k(channel, 3)", source: logins}
  - {name: h, type: STRING, column: "Ch An\tnel"}
  - {name: i, type: STRING}
  - {name: j, type: BOOL, expression: "a > 1"}
---
kind: feature_view
name: plain
entities: []
source: logins
features: [{name: x, type: TIMESTAMP, column: at2}]
---
kind: on_demand_view
name: asked
request: {amount: DOUBLE, when: TIMESTAMP}
inputs: [plain, "every:a"]
features:
  - {name: k, type: DOUBLE, expression: "amount / every__a"}
---
kind: on_demand_view
name: asked_alone
request: {amount: DOUBLE}
features: [{name: l, type: DOUBLE, expression: amount}]
---
kind: feature_service
name: all
features: ["every:a", plain, asked]
full_feature_names: true
)yaml"}};
}

class RandomDefinitions {
 public:
  explicit RandomDefinitions(std::uint64_t seed) : random_(seed) {}

  FeatureView view() {
    FeatureView view;
    view.name = name("v");
    for (int i = number(0, 2); i > 0; --i) view.entities.push_back(name("e"));
    for (int i = number(1, 3); i > 0; --i) view.sources.push_back({name("s"), {}});
    view.source = view.sources.front().text;
    view.ttl_us = chance() ? duration_us() : 0;
    view.as_of_created = chance();
    if (chance()) view.timing.watermark_delay_us = duration_us();
    if (chance()) view.timing.allowed_lateness_us = duration_us();
    if (chance()) view.timing.history_us = duration_us();
    if (chance()) view.timing.max_future_us = duration_us();
    if (chance()) view.timing.max_events_per_entity = number(1, 1'000'000);
    for (int i = number(1, 6); i > 0; --i) {
      view.features.push_back(feature(view));
    }
    return view;
  }

 private:
  Feature feature(const FeatureView& view) {
    Feature made;
    made.name = name("f");
    made.type = {table::Kind::kDouble, chance()};
    made.form = static_cast<FeatureForm>(number(0, 2));
    if (made.form == FeatureForm::kColumn) {
      made.column = chance() ? made.name : text();
    } else if (made.form == FeatureForm::kExpression) {
      made.expression.text = text();
    } else {
      made.aggregate.text = text();
      if (chance()) made.filter.text = text();
      if (chance()) made.window = window();
      if (view.sources.size() > 1 && chance()) made.source.text = view.sources.front().text;
    }
    return made;
  }

  Window window() {
    Window made;
    made.kind = static_cast<WindowKind>(number(0, 3));
    if (made.kind == WindowKind::kSliding) {
      made.resolution_us = chance() ? duration_us() : 0;
      const std::int64_t tile_us = made.resolution_us > 0 ? made.resolution_us : 1;
      made.size_us = tile_us * number(1, 50);
      made.delay_us = tile_us * number(0, 50);
      if (chance()) made.bounds = WindowBounds::kClosedOpen;
    } else if (made.kind == WindowKind::kTumbling) {
      made.size_us = duration_us();
      made.offset_us = chance() ? duration_us() : 0;
      made.partial = chance();
    } else if (made.kind == WindowKind::kSession) {
      made.gap_us = duration_us();
      if (chance()) made.max_length_us = duration_us();
      made.closed = chance();
    }
    return made;
  }

  // Letters that mean something to JSON or YAML among others.
  std::string text() {
    static constexpr const char* kPieces[] = {
        "a",    " ", "\"", "'", "\\", "{",  "}", "[",  "]",  ": ",   "#", " #",
        "${X}", "&", "*",  "!", "\n", "\t", "é", "😀", "-",  "null", "1", "~",
        "%",    "@", "|",  ">", ",",  "?",  "y", "0x", "<<", "\x7F"};
    std::string made = "x";
    for (int i = number(0, 12); i > 0; --i) made += kPieces[number(0, std::size(kPieces) - 1)];
    return made + "x";
  }
  std::string name(const char* prefix) { return prefix + std::to_string(++names_); }
  std::int64_t duration_us() {
    static constexpr std::int64_t kUnits[] = {1, 1000, kSecond, kMinute, kHour, kDay};
    return kUnits[number(0, 5)] * number(1, 999);
  }
  bool chance() { return number(0, 1) == 1; }
  int number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }

  std::mt19937_64 random_;
  int names_ = 0;
};

// The directories below the repository's tests and examples that hold a project.
std::vector<std::filesystem::path> project_directories() {
  const std::filesystem::path root = std::getenv("RTML_SOURCE_DIR");
  std::vector<std::filesystem::path> found;
  for (const char* folder : {"tests/cli", "tests/data", "tests/campaign", "examples"}) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.path().filename() == "rtml.yaml") found.push_back(entry.path().parent_path());
    }
  }
  return found;
}

}  // namespace

TEST_CASE("read_canonical: is the inverse of canonical for every key") {
  check_round_trips(ProjectFixture(project_with_every_key()).require());
}

TEST_CASE("read_canonical: is the inverse of canonical for the projects of tests and examples") {
  std::size_t loaded = 0;
  for (const std::filesystem::path& directory : project_directories()) {
    CAPTURE(directory);
    const auto project = Project::load(directory, Environment());
    if (!project) continue;  // Many are there to be refused.
    ++loaded;
    check_round_trips(*project);
  }
  CHECK(loaded >= 10);
}

TEST_CASE("read_canonical: is the inverse of canonical for random views") {
  RandomDefinitions random(20'240'301);
  for (int round = 0; round < 300; ++round) check_round_trip(random.view(), read_canonical_view);
}

TEST_CASE("read_canonical: refuses what is no definition, at its place") {
  const auto message = [](const auto& read) {
    REQUIRE(!read);
    return ProjectFixture::messages(read.error());
  };
  const Json view = {{"kind", "feature_view"},
                     {"name", "v"},
                     {"entities", Json::array()},
                     {"source", "s"},
                     {"features", {{{"name", "x"}, {"type", "INT65"}}}}};
  CHECK(message(read_canonical_view(view, "v@v1")) ==
        "registry:v@v1:9:15 RT0107 \"type\" is not a type: \"INT65\" (did you mean \"INT64\"?)\n");
  CHECK(message(read_canonical_view(Json(7), "v@v1")) ==
        ":0:0 RT0503 not a definition in the registry: v@v1\n");
  CHECK(message(read_canonical_entity({{"name", "e"}}, "e@v1")) ==
        ":0:0 RT0503 not an entity in the registry: e@v1\n");
  CHECK(message(read_canonical_entity({{"name", "e"}, {"key", {{{"column", "c"}, {"type", "X"}}}}},
                                      "e@v1")) ==
        ":0:0 RT0503 not an entity in the registry: e@v1\n");
}

}  // namespace rtml::project
