// One change of the registry: reads see what was there and what the change did so far; each write
// appends an event. Given to the work of Registry::change(), which commits or rolls back.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/registry/artifact_store.h"
#include "core/registry/reader.h"
#include "core/registry/records.h"

namespace rtml::registry {

struct Change;

// What an alias must point to for a move to happen.
struct Expectation {
  enum class Kind : std::uint8_t {
    kAnything,  // Whatever it is when the lock is held.
    kAbsent,    // The alias must not exist.
    kVersion,   // It must point to `number`.
  };
  Kind kind = Kind::kAnything;
  std::int64_t number = 0;
};

class Transaction : public Reader {
 public:
  ~Transaction();

  // Makes the plain name mean this definition, giving it the next number if its identity is new for
  // the name. Returns it as it stands; appends no event if it is current already.
  Result<Definition> apply(std::string_view kind, std::string_view name, std::string_view identity,
                           const Json& content);
  // Makes the plain name mean nothing; name@v<n> stays. Fails with kRegistryNotFound.
  Status retire(std::string_view kind, std::string_view name);
  // Notes that nobody is to use a version any more; if the plain name means it, the name then means
  // nothing. Appends no event if it is retired already. To apply the version again takes it back.
  // Fails with kRegistryNotFound.
  Status retire_version(std::string_view kind, std::string_view name, std::int64_t number);

  // Makes staged bytes part of the registry and returns their SHA-256. Storing bytes that are there
  // already changes nothing.
  Result<std::string> store(const StagedArtifact& artifact);

  // Records a training set; its manifest must be stored. One that is known is returned as it is.
  Result<Dataset> record_dataset(Dataset dataset);
  // Records a run and gives it its id. Artifacts must be stored. Fails with kRegistryNotFound if
  // one is not.
  Result<Run> record_run(Run run);

  // Gives `version.model` its next version. Its artifacts must be stored; number, created_us and
  // event are filled in. Fails with kBadValue for a bad model name.
  Result<ModelVersion> register_version(ModelVersion version);
  // The same from a run that succeeded.
  Result<ModelVersion> register_run(std::string_view run_id, std::string_view model);
  // Notes that a registration or promotion was refused, with the change's evidence, and changes
  // nothing else. `subject` is the model; `decision` is "registration_refused" or
  // "promotion_refused".
  Status record_refusal(std::string_view decision, std::string_view subject, const Json& data);

  // Moves an alias by compare-and-swap; nothing is appended if it points there already. The
  // version's artifact must have been verified by the caller before the lock was taken. Fails with
  // kAliasMoved if the expectation does not hold, kRegistryNotFound for an unknown version,
  // kBadValue for a bad alias name.
  Result<Alias> move_alias(std::string_view model, std::string_view alias, std::int64_t number,
                           const Expectation& expectation = {});
  // Moves an alias from version `from` back to `to`, which must be rollback_target(). Fails with
  // kAliasMoved if the alias has moved since the caller looked.
  Result<Alias> roll_back(std::string_view model, std::string_view alias, std::int64_t from,
                          std::int64_t to);

 private:
  friend class Registry;
  struct State;
  Transaction(std::unique_ptr<Connection> connection, std::unique_ptr<State> state);
  Status append_event(std::string_view kind, std::string_view subject, Json data);
  Status require_artifact(const std::string& sha256, std::string_view what) const;

  std::unique_ptr<State> state_;
};

}  // namespace rtml::registry
