#include "core/schema/validate.h"

#include <doctest/doctest.h>

#include "core/schema/kinds.h"
#include "core/yaml/parse.h"

namespace rtml::schema {
namespace {

// "line:column id message" of every error of a document, one a line.
std::string errors_of(std::string_view kind, const std::string& text) {
  const Environment environment(std::map<std::string, std::string>{{"X", "x"}});
  const auto documents = yaml::parse(text, "a.yaml", environment);
  REQUIRE(documents);
  std::string all;
  for (const Error& error : validate(documents->front(), *find_kind(kind)->shape)) {
    all += std::to_string(error.location()->line) + ":" + std::to_string(error.location()->column) +
           " " + std::string(error.id()) + " " + error.message() + "\n";
  }
  return all;
}

std::string source_with(const std::string& line) {
  return "kind: source\nname: s\nbatch: {type: file}\ntimestamp: at\n" + line + "\n";
}

}  // namespace

TEST_CASE("validate: finds nothing wrong with a sound document") {
  CHECK(errors_of("source", source_with("")) == "");
  CHECK(errors_of("source", source_with("columns: {a: INT64, b: {from: B}, c: list<double>}")) ==
        "");
  CHECK(errors_of("source", source_with("nan: null")) == "");
  CHECK(errors_of("source", source_with("nan: value")) == "");
  CHECK(errors_of("entity", "kind: entity\nname: e\nkey: id\n") == "");
}

TEST_CASE("validate: knows each key") {
  CHECK(errors_of("source", source_with("colums: {}\nbatch_: 1\nzzz: 1")) ==
        "5:1 RT0104 unknown key \"colums\" (did you mean \"columns\"?)\n"
        "6:1 RT0104 unknown key \"batch_\" (did you mean \"batch\"?)\n"
        "7:1 RT0104 unknown key \"zzz\"\n");
  CHECK(errors_of("source",
                  "kind: source\nname: s\nbatch: {type: file, any: [1], key: {a: b}}\n"
                  "timestamp: at\n") == "");
}

TEST_CASE("validate: a text that a comma cut is put together") {
  CHECK(errors_of("source", source_with("created: {column: f(a, b(c), d), unit: s}")) ==
        "5:24 RT0104 a comma inside of { } ends the text of \"column\"\n");
}

TEST_CASE("validate: names what is missing") {
  CHECK(errors_of("source", "kind: source\nbatch: {path: x}\n") ==
        "1:1 RT0105 a source needs the key \"name\"\n"
        "1:1 RT0105 a source needs the key \"timestamp\"\n"
        "2:8 RT0105 a batch input needs the key \"type\"\n");
  CHECK(errors_of("source", "kind: source\nname: s\ntimestamp: at\n") ==
        "1:1 RT0105 a source needs one of the keys \"batch\", \"stream\"\n");
}

TEST_CASE("validate: wants the right types") {
  CHECK(errors_of("source", source_with("id: 5")) ==
        "5:5 RT0106 \"id\" must be the name of a column, not an integer: 5\n");
  CHECK(errors_of("source", source_with("id: [a]")) ==
        "5:5 RT0106 \"id\" must be the name of a column, not a list\n");
  CHECK(errors_of("source", source_with("columns: [a]")) ==
        "5:10 RT0106 \"columns\" must be a mapping of columns, not a list\n");
  CHECK(errors_of("source", source_with("created: 3.5")) ==
        "5:10 RT0106 \"created\" must be a column, or a mapping with column and unit, not a "
        "number: 3.5\n");
  CHECK(errors_of("source", source_with("id:")) ==
        "5:1 RT0106 \"id\" must be the name of a column, not nothing\n");
  CHECK(errors_of("feature_service",
                  "kind: feature_service\nname: s\nfeatures: [a]\nfull_feature_names: yes\n") ==
        "4:21 RT0106 \"full_feature_names\" must be true or false, not a text: yes\n");
}

TEST_CASE("validate: wants sensible values") {
  CHECK(errors_of("source", source_with("created: {column: a, unit: sec}")) ==
        "5:28 RT0107 \"unit\" is not a unit of time: \"sec\"\n");
  CHECK(errors_of("source", source_with("columns: {a: INT46, b: {type: DUOBLE}}")) ==
        "5:14 RT0107 \"a\" is not a type: \"INT46\" (did you mean \"INT64\"?)\n"
        "5:31 RT0107 \"type\" is not a type: \"DUOBLE\" (did you mean \"DOUBLE\"?)\n");
  CHECK(errors_of("source", source_with("id: ''")) == "5:5 RT0107 \"id\" is empty\n");
  CHECK(errors_of("feature_service", "kind: feature_service\nname: A\nfeatures: []\n") ==
        "2:7 RT0107 \"name\" is not a valid name: \"A\"\n"
        "3:11 RT0107 \"features\" holds too few: 0\n");
  CHECK(errors_of("feature_service", "kind: feature_service\nname: s\nfeatures: [a, b, a]\n") ==
        "3:18 RT0107 \"features\" names twice: \"a\"\n");
  CHECK(errors_of("experiment",
                  "kind: experiment\nname: e\nalpha: 1.5\nthreshold: .nan\n"
                  "arms: [{name: a, share: 0.5}, {name: b, share: 0.5}]\n") ==
        "3:8 RT0107 \"alpha\" must be a number from 0 to 1: 1.5\n"
        "4:12 RT0107 \"threshold\" must be a number from 0 to 1: .nan\n");
}

TEST_CASE("validate: reads variables only where they cannot change a meaning") {
  CHECK(errors_of("source",
                  "kind: source\nname: s\nbatch: {type: '${X}', o: ['${X}']}\n"
                  "timestamp: at\ndescription: ${X}\n") == "");
  CHECK(errors_of("source", source_with("id: ${X}")) ==
        "5:5 RT0107 \"id\" may not depend on the environment: \"${X}\"\n");
}

TEST_CASE("is_cron: takes five fields of numbers") {
  for (const char* text : {"* * * * *", "30 2 * * *", "*/5 0-6,22 1-31/2 1,6 0-7", "0 0 1 1 7"}) {
    CAPTURE(text);
    CHECK(is_cron(text));
  }
  for (const char* text :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 8", "*/0 * * * *", "5-1 * * * *", "1/2 * * * *", "@daily", "* * * JAN *",
        "1,,2 * * * *", "-1 * * * *", "*  * * * *", "* * * * *\n", "99999999999 * * * *"}) {
    CAPTURE(text);
    CHECK_FALSE(is_cron(text));
  }
}

}  // namespace rtml::schema
