// A consistent view of the registry at one moment.
//
// Holds a shared lock on the file, which makes writers wait: read what is needed, then drop it, and
// only then print. Lists are in a stated order. Names that do not exist fail with
// kRegistryNotFound and the nearest name that does.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/registry/records.h"

namespace rtml::registry {

class Connection;
class Registry;

// Which events to list. Empty members do not filter.
struct EventFilter {
  std::string model;                     // Events about this model.
  std::string kind;                      // Events of this kind.
  std::optional<std::int64_t> since_us;  // At or after this time.
  std::int64_t limit = 0;                // The newest so many; 0 for all.
};

class Reader {
 public:
  explicit Reader(std::unique_ptr<Connection> connection);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // Definitions, by name and number; all kinds if `kind` is empty.
  Result<std::vector<Definition>> definitions(std::string_view kind = {}) const;
  // Those that plain names mean, by name.
  Result<std::vector<Definition>> current_definitions(std::string_view kind = {}) const;
  // `reference` is "name" (the current one) or "name@v2". Fails with kRegistryNotFound.
  Result<Definition> definition(std::string_view kind, std::string_view reference) const;
  // The one with this identity, or nothing.
  Result<std::optional<Definition>> definition_by_identity(std::string_view kind,
                                                           std::string_view identity) const;

  Result<std::vector<Dataset>> datasets() const;  // Newest first.
  // `identity` may be shortened to 8 or more digits if that names one.
  Result<Dataset> dataset(std::string_view identity) const;

  // Newest first; of all pipelines if `pipeline` is empty.
  Result<std::vector<Run>> runs(std::string_view pipeline = {}) const;
  // By id, "fraud-3", or the newest successful one of a pipeline by its name, "fraud".
  Result<Run> run(std::string_view id) const;

  Result<std::vector<ModelSummary>> models() const;  // By name.
  Result<ModelSummary> model(std::string_view name) const;
  // Newest first.
  Result<std::vector<ModelVersion>> versions(std::string_view model) const;
  Result<ModelVersion> version(std::string_view model, std::int64_t number) const;
  // `reference` is "fraud@7", "fraud@v7", "fraud@champion", or "fraud" (the newest version).
  Result<ModelVersion> resolve(std::string_view reference) const;

  // Of every model if `model` is empty; by model and name.
  Result<std::vector<Alias>> aliases(std::string_view model = {}) const;
  Result<std::optional<Alias>> alias(std::string_view model, std::string_view name) const;
  // Oldest first; of every alias of the model if `alias` is empty.
  Result<std::vector<AliasMove>> alias_moves(std::string_view model,
                                             std::string_view alias = {}) const;
  // Where rollback() would move the alias: the target of the latest promotion that no rollback has
  // undone yet, before the current one. Fails with kRegistryNotFound if there is none.
  Result<std::int64_t> rollback_target(std::string_view model, std::string_view alias) const;

  // Newest first.
  Result<std::vector<Event>> events(const EventFilter& filter = {}) const;
  Result<std::optional<Artifact>> artifact(std::string_view sha256) const;

 protected:
  Connection& connection() const { return *connection_; }

 private:
  friend class Registry;
  std::unique_ptr<Connection> connection_;
};

}  // namespace rtml::registry
