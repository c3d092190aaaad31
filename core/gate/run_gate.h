// The gate of a training run: candidate, champion and baselines on the run's own test rows.
//
// A run keeps its test rows as an artifact (docs/formats/evaluation.md), so that the same question
// has the same answer later and elsewhere. `register --gate`, `promote --gate` and `pipeline run`
// ask it here; the verdict's evidence() goes into their event.

#pragma once

#include <string>

#include "core/base/cancel.h"
#include "core/base/result.h"
#include "core/gate/gate.h"

namespace rtml::plugin {
class PluginHost;
}
namespace rtml::registry {
class Registry;
}

namespace rtml::gate {

struct RunGateContext {
  const registry::Registry& registry;
  plugin::PluginHost& plugins;
  const CancelFlag& cancel;
};

struct RunGateRequest {
  std::string run_id;  // "fraud-3"; empty for a version from outside: the gate cannot tell.
  std::string model;   // Whose alias names the champion. A model without that alias has none: the
                       // candidate is then compared with the baselines alone.
  std::string alias;   // Empty: the alias that the run's pipeline names.
};

// Judges a run by the gate of its pipeline as it was at training (the run's details keep it).
// A champion that cannot be scored on the test rows (artifact missing or damaged, a feature that
// the rows lack) makes the outcome cannot-tell, and so does a run without a gate or test rows.
// The champion is scored by the model backend of its version. Reads the registry, changes nothing.
// Fails with kRegistryNotFound for an unknown run, or with what reading the registry fails with.
Result<Verdict> judge_run(const RunGateRequest& request, const RunGateContext& context);

}  // namespace rtml::gate
