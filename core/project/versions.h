// Versions of views and services: definitions of the registry, made again from what it keeps.
//
// A version means what it meant when it was applied: its features, the entities and sources that
// its identity binds, and the versions that its own items stood for. Where its events are kept
// (paths, brokers, options) is what the project's source of that name says today. Whatever has the
// identity of the project's own definition is that definition, so that nothing is there twice.
//
// Definitions are made when they are first asked for and live as long as the Versions. Any number
// of threads may call; what is made is not changed again.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/project/definitions.h"
#include "core/project/stored_definition.h"

namespace rtml::project {

class Project;

class Versions {
 public:
  explicit Versions(StoredDefinitions read) : read_(std::move(read)) {}

  using Kinds = std::span<const std::string_view>;

  // The name under which `project` and the finders below know a version, "terminal_risk@v2": that
  // itself, or "terminal_risk" where it is what the project defines. Fails with kUnknownReference,
  // naming the versions there are, if the registry has no such one of `kinds` or it is retired or
  // its source is gone; with kUnsupported if it was defined under other semantics, kRegistryCorrupt
  // if what the registry keeps is not what its identity says, and as `read` does.
  Result<std::string> bind(const Project& project, std::string_view reference, Kinds kinds);
  // The same for the one of `name` that has an identity, retired or not. Fails with
  // kRegistryNotFound if neither the project nor the registry has it.
  Result<std::string> bind_recorded(const Project& project, std::string_view name,
                                    std::string_view identity, Kinds kinds);
  // A source as it was defined under an identity, with today's storage. Fails in the same way, and
  // with kUnknownReference if the project has no such source today.
  Result<const Source*> recorded_source(const Project& project, const std::string& name,
                                        std::string_view identity);

  // What was made under a name; null if nothing was.
  const FeatureView* find_view(std::string_view name) const;
  const OnDemandView* find_on_demand_view(std::string_view name) const;
  const FeatureService* find_service(std::string_view name) const;
  const Source* find_source(std::string_view label) const;

 private:
  enum class Use : std::uint8_t { kOrdinary, kRecorded };

  Status read_stored();
  const StoredDefinition* find_stored(std::string_view name, std::string_view identity,
                                      Kinds kinds) const;
  bool is_made(const StoredDefinition& stored) const;
  Error not_found(std::string_view reference, Kinds kinds) const;

  Result<std::string> bind_identity(const Project& project, std::string_view name,
                                    std::string_view identity, Kinds kinds, Use use);
  Result<std::string> bind_stored(const Project& project, const StoredDefinition& stored, Use use);
  Status bind_items(const Project& project, const StoredDefinition& stored, Kinds kinds, Use use,
                    std::vector<ServiceItem>& items);
  Status make_view(const Project& project, const StoredDefinition& stored);
  Status make_on_demand_view(const Project& project, const StoredDefinition& stored, Use use);
  Status make_service(const Project& project, const StoredDefinition& stored, Use use);

  using KeyTypes = std::map<std::string, table::DataType>;
  Result<Entity> entity_of(const Project& project, const std::string& name,
                           std::string_view identity, const std::string& who) const;
  Result<const Source*> source_of(const Project& project, const std::string& name,
                                  std::string_view identity, const KeyTypes& key_types,
                                  const std::string& who);
  const Source* union_of(const Project& project, const std::vector<const Source*>& sources);

  struct Union {
    std::vector<const Source*> parts;
    Source source;
  };

  StoredDefinitions read_;
  std::optional<std::vector<StoredDefinition>> stored_;  // Once they were read.
  // What is made; the elements of a deque stay where they are. Identities of what is being made ask
  // for what was made before, hence recursive.
  mutable std::recursive_mutex mutex_;
  std::deque<FeatureView> views_;
  std::deque<OnDemandView> on_demand_views_;
  std::deque<FeatureService> services_;
  std::deque<Source> sources_;
  std::deque<Union> unions_;
};

}  // namespace rtml::project
