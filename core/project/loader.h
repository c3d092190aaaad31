// Reads the files of a project and checks their definitions against each other.
//
// One Loader makes one Project: read_files(), then finish(). Used by one thread.

#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/result.h"
#include "core/project/project.h"
#include "core/yaml/node.h"

namespace rtml::project {

class Loader {
 public:
  Loader(std::filesystem::path root, const Environment& environment, StoredDefinitions stored);

  // Reads rtml.yaml and every file of definitions.
  void read_files();
  // Checks references and returns the project, or every error that was found.
  Result<Project> finish();

 private:
  void read_settings_file();
  void read_file_of_definitions(const std::filesystem::path& path);
  void read_definition(const yaml::Node& node);
  // Reports secrets among the options of stores and streams, and those that need a trusted project.
  void check_options(const yaml::Node* options);
  // Adds what a sound document defines.
  void add_definition(std::string_view kind, const yaml::Node& node);
  // Notes that `kind` `name` is defined at `place`; an error if it is already.
  bool declare(std::string_view kind, const std::string& name, const SourceLocation& place);
  Result<std::vector<yaml::Node>> parse(const std::filesystem::path& path);

  void check_views();
  void check_view(const FeatureView& view);
  void check_feature_source(const FeatureView& view, const Feature& feature);
  void unite_sources();
  void resolve_entity(const FeatureView& view, const std::string& name);
  void check_services();
  void check_service(const FeatureService& service);
  void check_on_demand_view(const OnDemandView& view);
  // Finds the versions that items name, where everything else is sound.
  void bind_versions();
  // Whether the view that an item names has the feature it names.
  void check_item(const ServiceItem& item);
  void check_service_columns(const FeatureService& service);
  void check_pipelines();
  // Reports a reference to something that no file defines.
  void check_reference(std::string_view kind, std::string_view noun, const std::string& name,
                       const SourceLocation& place);
  void add(Error error);
  void add(std::vector<Error> errors);
  void sort_definitions();
  void sort_errors();

  Project project_;
  const Environment& environment_;
  std::vector<Error> errors_;
  // Every name that a file defines, even where the definition itself is wrong, so that one mistake
  // is not reported again wherever the name is used.
  std::map<std::string, std::map<std::string, SourceLocation>, std::less<>> names_;
  std::optional<bool> is_trusted_;  // Once it was asked.
  // A file could not be parsed at all: what it defines is unknown, so references are not judged.
  bool is_some_file_unreadable_ = false;
};

}  // namespace rtml::project
