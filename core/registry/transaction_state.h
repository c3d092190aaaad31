// What a transaction carries beside its connection.
//
// Internal to core/registry: shared by Transaction and Registry::change().

#pragma once

#include <string>
#include <vector>

#include "core/registry/artifact_store.h"
#include "core/registry/event_log.h"
#include "core/registry/registry.h"

namespace rtml::registry {

struct Transaction::State {
  const Change& change;
  std::int64_t now_us;
  ArtifactStore artifacts;
  Head head;
  Json pending_artifacts = Json::array();  // Stored, and not yet named by an event.
  std::vector<std::string> linked;         // Put into place; taken away if nothing is committed.
};

}  // namespace rtml::registry
