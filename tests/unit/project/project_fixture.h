// A project on disk for a test, made of texts.

#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "core/base/file_system.h"
#include "core/project/project.h"
#include "tests/support/temporary_directory.h"

namespace rtml::project {

// The smallest files that go together.
inline std::map<std::string, std::string> small_project() {
  return {{"rtml.yaml", "format: 1\nname: small\n"},
          {"sources/events.yaml",
           "kind: source\nname: events\nbatch: {type: file, path: events.csv}\ntimestamp: at\n"},
          {"features/user.yaml",
           "kind: entity\nname: user\nkey: {user_id: INT64}\n---\n"
           "kind: feature_view\nname: activity\nentities: [user]\nsource: events\nfeatures:\n"
           "  - {name: count_1d, type: INT64, aggregate: count, window: 1d}\n"
           "  - {name: busy, type: BOOL, expression: count_1d > 5}\n---\n"
           "kind: feature_service\nname: all\nfeatures: [activity]\n"}};
}

class ProjectFixture {
 public:
  explicit ProjectFixture(const std::map<std::string, std::string>& files) {
    for (const auto& [name, text] : files) REQUIRE(write_file(directory_ / name, text));
  }

  Result<Project> load(const Environment& environment = Environment()) const {
    return Project::load(directory_.path(), environment);
  }
  Project require() const {
    auto project = load();
    if (!project) FAIL(messages(project.error()));
    return std::move(*project);
  }
  const std::filesystem::path& root() const { return directory_.path(); }

  // "file:line:column id message" of each error, one a line.
  static std::string messages(const Error& error) {
    if (!error.parts().empty()) {
      std::string all;
      for (const Error& part : error.parts()) all += messages(part);
      return all;
    }
    const SourceLocation place = error.location().value_or(SourceLocation{});
    return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) +
           " " + std::string(error.id()) + " " + error.message() + "\n";
  }

 private:
  test::TemporaryDirectory directory_;
};

}  // namespace rtml::project
