// A user's project: every definition of its YAML files, parsed and checked against each other.
//
// A Project does not change after load(); any number of threads may read it. Versions of the
// registry that are named later are made when they are asked for (core/project/versions.h).

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/project/stored_definition.h"

namespace rtml::project {

// A feature of a service: where it comes from and what its column is called.
struct ServiceColumn {
  const FeatureView* view;
  const Feature* feature;
  std::string name;  // "tx_count_7d", or "terminal_risk__tx_count_7d" with full_feature_names.
};

// A feature of an on-demand view that is asked for, and what its column is called.
struct OnDemandColumn {
  const OnDemandView* view;
  const Feature* feature;
  std::string name;
};

// What a service or a command asks for. The columns of a table are first those of views, then those
// computed from the request, each in the order in which they were listed.
struct FeatureSelection {
  std::vector<ServiceColumn> features;
  std::vector<OnDemandColumn> on_demand;
};

// What an item of a service or on-demand view names: at most one of the two.
struct ItemTarget {
  const FeatureView* view = nullptr;
  const OnDemandView* on_demand = nullptr;
};

class Versions;

class Project {
 public:
  Project(Project&&) noexcept;
  Project& operator=(Project&&) noexcept;
  ~Project();

  // Reads rtml.yaml and all *.yaml and *.yml below sources/, features/, pipelines/, drift/ and
  // experiments/ of `root`, in the order of their paths. `${VAR}` in values comes from
  // `environment`. Fails with every error of every file at once, each at its place; paths in
  // errors are relative to `root`. Neither data nor expressions are looked at. `stored` is asked
  // for what the registry holds if a version is named, in a file or later.
  static Result<Project> load(const std::filesystem::path& root, const Environment& environment,
                              StoredDefinitions stored = {});

  const std::filesystem::path& root() const { return root_; }
  const Settings& settings() const { return settings_; }

  // Definitions in the order of their names.
  std::span<const Source> sources() const { return sources_; }
  std::span<const Entity> entities() const { return entities_; }  // Implied ones too.
  std::span<const FeatureView> views() const { return views_; }
  std::span<const OnDemandView> on_demand_views() const { return on_demand_views_; }
  std::span<const FeatureService> services() const { return services_; }
  std::span<const Pipeline> pipelines() const { return pipelines_; }
  std::span<const DriftCheck> drift_checks() const { return drift_checks_; }
  std::span<const Experiment> experiments() const { return experiments_; }

  // Each fails with kUnknownReference, naming the nearest name there is. The pointer lives as long
  // as the project. Views, on-demand views and services may be named with a version,
  // "terminal_risk@v2"; these fail as Versions::bind() does too.
  Result<const Source*> find_source(std::string_view name) const;
  Result<const Entity*> find_entity(std::string_view name) const;
  Result<const FeatureView*> find_view(std::string_view name) const;
  Result<const OnDemandView*> find_on_demand_view(std::string_view name) const;
  Result<const FeatureService*> find_service(std::string_view name) const;
  Result<const Pipeline*> find_pipeline(std::string_view name) const;
  Result<const DriftCheck*> find_drift_check(std::string_view name) const;
  Result<const Experiment*> find_experiment(std::string_view name) const;

  // The names under which the finders above know what was recorded with an identity: of a view or
  // on-demand view, of a service, of a source. Retired versions are found too. Fail as
  // Versions::bind_recorded() does.
  Result<std::string> recorded_view(std::string_view name, std::string_view identity) const;
  Result<std::string> recorded_service(std::string_view name, std::string_view identity) const;
  Result<std::string> recorded_source(const std::string& name, std::string_view identity) const;

  // The views of the project, then the versions that its services and on-demand views name.
  std::vector<const FeatureView*> views_in_use() const;

  // The source of a view, whose reference load() has checked; the union of its sources where it has
  // several, which is none of sources().
  const Source& source_of(const FeatureView& view) const;
  // Its sources as sources() has them, in the order of its list.
  std::vector<const Source*> sources_of(const FeatureView& view) const;
  // Its entities, in the order of its list.
  std::vector<const Entity*> entities_of(const FeatureView& view) const;
  // The types that are declared for a source's columns, by the name that features use: those of
  // `columns:`, then those of the entity keys of its views, then TIMESTAMP for its moments.
  std::map<std::string, table::DataType> column_types(const Source& source) const;
  // What an item names, whose reference was checked.
  ItemTarget target_of(const ServiceItem& item) const;
  // The key columns of a view, those of its entities in order. Empty for a view without entities.
  std::vector<EntityKey> keys_of(const FeatureView& view) const;
  // The columns that a service takes of views, in the order in which it lists them; those that are
  // computed from the request are left out.
  std::vector<ServiceColumn> columns_of(const FeatureService& service) const;
  // All of its columns.
  FeatureSelection selection_of(const FeatureService& service) const;
  // The features that an on-demand view reads, under their full names, view__feature.
  std::vector<ServiceColumn> inputs_of(const OnDemandView& view) const;

  // Reads what a command takes for features: "VIEW", "VIEW:FEATURE", "SERVICE", each maybe several
  // and with a version, "VIEW@v2:FEATURE". Fails with kUnknownReference and as Versions::bind().
  Result<FeatureSelection> select_features(std::span<const std::string> references,
                                           bool full_feature_names) const;
  // The same where a request's features make no sense: a service's are left out, and to name one
  // fails with kUsage.
  Result<std::vector<ServiceColumn>> resolve_features(std::span<const std::string> references,
                                                      bool full_feature_names) const;

 private:
  friend class Loader;
  Project();

  // What a reference of select_features() names: a service, or one item.
  struct Named {
    const FeatureService* service = nullptr;
    ServiceItem item;
  };
  Result<Named> read_reference(const std::string& reference) const;
  Status check_item(const ServiceItem& item, bool names_feature) const;

  std::filesystem::path root_;
  Settings settings_;
  std::vector<Source> sources_;
  std::vector<Source> unions_;
  std::vector<Entity> entities_;
  std::vector<FeatureView> views_;
  std::vector<OnDemandView> on_demand_views_;
  std::vector<FeatureService> services_;
  std::vector<Pipeline> pipelines_;
  std::vector<DriftCheck> drift_checks_;
  std::vector<Experiment> experiments_;
  std::unique_ptr<Versions> versions_;
};

}  // namespace rtml::project
